const times = (count: number): string => (count === 1 ? 'once' : `${count.toLocaleString()} times`);

/** The screens of rules, and why they fire. */
export const ruleTexts = {
  hint: 'What events do when they come together',
  loading: 'Loading the rules',
  empty: 'No rule yet',
  emptyHint: 'A rule says which events it waits for, and what happens then: a task, another event, a notification.',
  create: 'New rule',
  createFirst: 'Write the first one, or take a ready one',
  back: 'All rules',
  missing: 'There is no such rule',
  missingHint: 'It may have been deleted, or belong to another tenant.',
  active: (version: number) => `active: version ${version}`,
  inactive: 'not active',
  fired: (count: number, ago: string) => `fired ${times(count)}, last ${ago}`,
  never: 'has not fired yet',
  perHour: (count: number) => `Fired ${times(count)} in the last 24 hours`,
  lastError: (error: string) => `Last failure: ${error}`,
  activate: 'Activate',
  deactivate: 'Deactivate',
  activateVersion: (version: number) => `Activate version ${version}`,
  delete: 'Delete',
  deleteTitle: (name: string) => `Delete the rule ${name}?`,
  deleteHint: 'All of its versions go. What it did stays.',
  text: 'Text of the rule',
  textHint: 'YAML or JSON, checked while you write.',
  editorLoading: 'Loading the editor',
  version: 'Version',
  versionNumber: (version: number, isActive: boolean) => (isActive ? `${version} (active)` : `${version}`),
  save: 'Save',
  saveAct: 'Save the rule',
  rehearseAct: 'Rehearse the rule',
  deactivateAct: 'Deactivate the rule',
  deleteAct: 'Delete the rule',
  saved: (version: number) => `Saved as version ${version}`,
  activated: (version: number) => `Version ${version} takes every event from now on`,
  deactivated: 'It takes no more events',
  right: 'No mistakes',
  wrong: (count: number) => (count === 1 ? '1 mistake' : `${count} mistakes`),
  mistakes: 'Mistakes',
  place: (line: number, column: number) => `Line ${line}, column ${column}`,
  rehearsal: 'Rehearsal',
  rehearsalHint: 'What this text would have done with the events that are kept. Nothing is done.',
  rehearse: 'Rehearse',
  rehearsing: 'Rehearsing…',
  noEvents: 'There is no event to rehearse with yet.',
  outcome: (events: number, matched: number, fired: number) =>
    `Of ${events.toLocaleString()} events ${matched.toLocaleString()} match. It would have fired ${times(fired)}.`,
  costs: (tokens: number, cost: string) =>
    `About ${tokens.toLocaleString()} tokens and ${cost}, by the mean of past tasks`,
  costsUnknown: (skill: string) => `What a task of ${skill} costs is not known: none has been done yet`,
  held: (events: number, reason: string) => `${events.toLocaleString()} that match: ${reason}`,
  firings: 'Firings',
  noFirings: 'It has not fired yet.',
  event: (id: bigint) => `Event ${id}`,
  task: (id: bigint) => `Task ${id}`,
  run: (id: bigint) => `Run ${id}`,
  notified: 'notified',
  key: 'Key',
  completedBy: 'Completed by',
  newestOf: (shown: number, count: number) => `the newest ${shown} of ${count.toLocaleString()}:`,
  deeds: 'What it did',
  failed: (error: string) => `failed: ${error}`,
  why: 'Why',
  whyHint: 'What each rule made of this event',
  whyLoading: 'Asking the rules',
  whyMost: (most: number) =>
    `Only ${most} rules are asked at once, those that fired and those that are active first; helix rules why asks any by name.`,
  noRules: 'There is no rule to ask.',
  didFire: 'fired',
  didNotFire: 'did not fire',
  seen: (path: string, value: string) => `${path} was ${value}`,
  nothingSeen: 'not there',
  draft: `name: large orders
description: Tells the members of orders that are worth a look.
on: order.paid
when:
  payload.total: { gte: 100 }
then:
  notify:
    title: An order of {{event.payload.total}}
`,
} as const;
