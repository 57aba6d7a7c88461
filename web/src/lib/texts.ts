import { conversationTexts, feedbackTexts } from './texts/ask.ts';
import { boardTexts, toastTexts } from './texts/board.ts';
import { eventTexts, hookTexts, notificationTexts, scheduleTexts } from './texts/events.ts';
import {
  inviteTexts,
  limbTexts,
  modelTexts,
  openInviteTexts,
  policyTexts,
  quotaTexts,
  settingsTexts,
} from './texts/fleet.ts';
import { readyTexts } from './texts/ready.ts';
import { approvalTexts, canvasTexts, recipeTexts, runTexts } from './texts/recipes.ts';
import { activityTexts, budgetTexts, memoryTexts } from './texts/records.ts';
import { ruleTexts } from './texts/rules.ts';

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** Every English text of the face. */
export const texts = {
  product: 'Helix',

  connection: {
    label: 'Connection',
    connecting: 'Connecting…',
    live: 'Live',
    reconnecting: 'Reconnecting…',
    reconnectingIn: (seconds: number) => `Reconnecting in ${seconds} s`,
    catchingUp: (queries: number) => (queries === 1 ? 'Catching up' : `Catching up: ${queries} to come`),
    unanswered: (calls: number) => (calls === 1 ? 'Waiting for an answer' : `Waiting for ${calls} answers`),
    answersIn: (milliseconds: number) => `The hub answers in ${milliseconds} ms`,
    shows: (time: string, ago: string) => `Shows ${time}, ${ago}`,
    retryNow: 'Retry now',
    stale: 'The hub does not answer at the moment. What you see is the last known state.',
    staleSince: (time: string) => `The hub does not answer. What you see is the last known state, of ${time}.`,
  },

  ready: readyTexts,

  refused: {
    title: (names: readonly string[]) => `The hub does not send ${listed(names)}`,
    why: (reason: string) => `It says: ${reason}`,
    hint: 'What is shown of it here is missing or old. Try again; if it stays so, the log of the hub (helix logs) says more.',
    otherVersion:
      'This page and the hub are of different versions, most likely because the hub was updated. Load the page anew.',
    retry: 'Try again',
    reload: 'Load the page anew',
    part: 'A part of this page could not be loaded',
    partHint: 'The hub does not answer, or was updated since this page was opened.',
    offline: 'Not known here yet',
    offlineHint:
      'The hub does not answer, and this browser has not kept what belongs here. It appears by itself as soon as the hub is back.',
  },

  shell: {
    home: 'Helix: ask',
    nav: 'Screens',
    more: 'More',
    account: 'Tenant and account',
    skip: 'Skip to the content',
    keep: 'Cancel',
    close: 'Close',
    notFound: 'There is no such page',
    notFoundHint: 'The address may be mistyped, or from another version.',
    goHome: 'Ask something',
  },

  unsaved: {
    title: 'Leave without saving?',
    hint: 'What you changed here is not saved, and is lost then.',
    act: 'Leave',
  },

  places: {
    ask: 'Ask',
    tasks: 'Tasks',
    limbs: 'Limbs',
    memory: 'Memory',
    events: 'Events',
    rules: 'Rules',
    recipes: 'Recipes',
    runs: 'Runs',
    approvals: 'Approvals',
    budget: 'Budget',
    activity: 'Activity',
    settings: 'Settings',
  },

  palette: {
    label: 'Commands',
    open: 'Search',
    placeholder: 'Type a command, or the words or number of a task…',
    results: 'Results',
    nothing: (words: string) => (words.trim() === '' ? 'Nothing to do here' : `Nothing is called “${words.trim()}”`),
    groups: { page: 'On this screen', act: 'Actions', go: 'Go to', tasks: 'Tasks', session: 'Session' },
    newQuestion: 'Ask a question',
    newScript: 'Run a Python script',
    goTo: (place: string) => `Go to ${place}`,
    switchTo: (tenant: string) => `Switch to ${tenant}`,
    retry: 'Reconnect now',
    /** Something that is done to one of many. */
    actOn: (act: string, name: string) => `${act}: ${name}`,
  },

  theme: {
    name: 'Theme',
    choices: { system: 'As the system', light: 'Light', dark: 'Dark' },
    label: { system: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' },
  },

  signIn: {
    loading: 'Looking for the hub…',
    unreachable: 'The hub does not answer yet. This page connects by itself as soon as it does.',
    joining: 'Signing in…',
    title: 'Open the sign-in link',
    explain:
      'Helix prints a one-time sign-in link in the terminal where it was started. Open that link in this browser.',
    lost: 'Link used or lost? Make a new one:',
    command: 'npx helix link',
    code: 'Sign-in code or link',
    codeHint: 'The whole link works too.',
    name: 'Your name',
    nameHint: 'How others see who asked.',
    submit: 'Sign in',
  },

  session: {
    signedInAs: (name: string, role: string) => `Signed in as ${name} (${role})`,
    me: (name: string, role: string) => `${name}, ${role}`,
    signOut: 'Sign out',
    signOutTitle: 'Sign out of this browser?',
    sure: 'To come back you need a new sign-in link.',
    tenant: 'Tenant',
    roles: { Owner: 'owner', Operator: 'operator', Viewer: 'viewer' },
  },

  composer: {
    region: 'Ask',
    heading: 'What would you like to know?',
    mode: 'Kind of task',
    question: 'Question',
    python: 'Python',
    questionLabel: 'Ask',
    questionPlaceholder: 'Ask about the documents your limbs remember…',
    pythonLabel: 'Python script',
    pythonPlaceholder: 'print("Hello from the sandbox")',
    pythonHint: 'Runs in a sandbox: no network, no files of the host. Esc, then Tab leaves the editor.',
    send: 'Send',
    run: 'Run',
    sending: 'Sending…',
    waiting: 'Waiting for the hub…',
    waitingHint: 'Your text is safe. It is sent once, as soon as the hub answers.',
    viewer: 'You are a viewer here: you see everything, but an operator or owner has to ask.',
    noLimb: 'No limb is online, so tasks wait in the queue.',
    noLimbFor: (skill: string) => `No limb that is online can do “${skill}”, so this task will wait in the queue.`,
    examples: 'Try one of these',
    exampleQuestions: [
      'How is a task claimed?',
      'What happens to a task when its limb goes away?',
      'Is untrusted Python code isolated?',
    ],
    exampleScriptName: 'A Python script: primes below 100',
    exampleScript:
      '# Primes below 100, by the sieve of Eratosthenes\n' +
      'limit = 100\n' +
      'is_prime = [True] * limit\n' +
      'for n in range(2, limit):\n' +
      '    if is_prime[n]:\n' +
      '        print(n, end=" ")\n' +
      '        for multiple in range(n * n, limit, n):\n' +
      '            is_prime[multiple] = False\n',
  },

  learning: {
    label: 'Learning',
    documentation: 'the documentation',
    documents: 'documents',
    waiting: (what: string) => `Waiting for a limb to learn ${what}…`,
    learning: (what: string) => `Learning ${what}…`,
    learned: (what: string) => `Finished learning ${what}`,
    failed: (what: string) => `Could not learn ${what}`,
    of: (done: number, all: number) => `${done} of ${all}`,
    hint: 'You can ask already; answers get better while it learns.',
    progress: 'Documents learned',
    dismiss: 'Dismiss',
  },

  tasks: {
    label: 'Tasks',
    recent: 'Recent tasks',
    all: 'All tasks',
    empty: 'No tasks yet',
    emptyHint: 'Whatever you or others ask appears here, live.',
    by: (limb: string) => `on ${limb}`,
  },

  conversation: conversationTexts,
  feedback: feedbackTexts,
  board: boardTexts,
  toasts: toastTexts,

  states: {
    Queued: 'queued',
    Claimed: 'claimed',
    Running: 'running',
    Done: 'done',
    Failed: 'failed',
    Dead: 'dead',
    Cancelled: 'cancelled',
  },

  skills: {
    reason: 'Question',
    run_python: 'Python',
    remember: 'Remember',
    recall: 'Recall',
  } as Record<string, string>,

  task: {
    label: 'Task',
    number: (id: bigint) => `Task ${id}`,
    close: 'Close task',
    cancel: 'Cancel',
    cancelThis: 'Cancel this task',
    cancelling: 'Cancelling…',
    copyAnswer: 'Copy answer',
    copyOutput: 'Copy output',
    copyScript: 'Copy script',
    copied: 'Copied',
    copyLink: 'Copy link',
    redrive: 'Queue again',
    parent: (id: bigint) => `Part of task ${id}`,
    back: 'All tasks',
    missingTitle: 'There is no such task',
    askAgain: 'Ask again',
    runAgain: 'Run again',
    input: 'Input',
    script: 'Script',
    answer: 'Answer',
    answerSoFar: 'Answer so far',
    brokenOff: (attempt: number) => `Broken off: what attempt ${attempt} had written`,
    output: 'Output',
    printed: 'Output so far',
    noOutput: 'The script printed nothing.',
    working: {
      Queued: 'Waiting for a free limb…',
      Claimed: 'A limb has taken it…',
      Running: 'Working…',
    } as Record<string, string>,
    why: (reason: string) => `Why it waits: ${reason}`,
    waitsUntil: (time: string) => `its time comes at ${time}`,
    offered: 'it is offered to a limb that has a free slot',
    waitingAgain: (error: string) => `Waiting for another attempt. The last one ended: ${error}`,
    failed: 'This task failed',
    dead: 'This task was given up after its last attempt',
    cancelled: 'This task was cancelled.',
    missing: (id: string) => `There is no task ${id} here. It may belong to another tenant.`,
    citations: 'Sources',
    citation: (number: number) => `Source ${number}`,
    details: 'Details',
    engine: 'Answered by',
    ranIn: 'Ran in',
    limb: 'Limb',
    attempt: 'Attempt',
    tokens: 'Tokens',
    tokensInOut: (tokensIn: number, tokensOut: number) => `${tokensIn} in, ${tokensOut} out`,
    cost: 'Cost',
    waited: 'Waited',
    worked: 'Worked',
    artefacts: 'Artefacts',
    artefactsHint: 'They stay at the limb; these are their SHA-256.',
    exitCode: (code: number) => `Exit status ${code}`,
    timedOut: 'Timed out',
    noExit: 'Stopped before its end',
    skeleton: 'Loading the task',
  },

  waterfall: {
    label: 'Where the time went',
    wait: 'In the queue',
  },

  attempts: {
    on: (attempt: number, limb: string) => `${attempt}. on ${limb}`,
    outcomes: {
      Open: 'under way',
      Done: 'done',
      Failed: 'failed',
      Lost: 'limb lost',
      Cancelled: 'cancelled',
      Expired: 'past its deadline',
    },
  },

  timeline: {
    label: 'Timeline',
    submitted: (member: string) => `Submitted by ${member}`,
    someone: 'a former member',
    aLimb: 'a limb',
    claimed: (limb: string, attempt: number) => `Claimed by ${limb}, attempt ${attempt}`,
    attempt: (attempt: number) => `Attempt ${attempt}`,
    returned: 'Back in the queue',
    finished: {
      Done: 'Done',
      Failed: 'Failed',
      Dead: 'Given up',
      Cancelled: 'Cancelled',
    } as Record<string, string>,
    after: (duration: string) => `+${duration}`,
  },

  memory: memoryTexts,
  events: eventTexts,
  rules: ruleTexts,
  hooks: hookTexts,
  schedules: scheduleTexts,
  notifications: notificationTexts,
  recipes: recipeTexts,
  canvas: canvasTexts,
  runs: runTexts,
  approvals: approvalTexts,
  activity: activityTexts,
  budget: budgetTexts,
  limbs: limbTexts,
  invites: inviteTexts,
  settings: settingsTexts,
  policies: policyTexts,
  quotas: quotaTexts,
  openInvites: openInviteTexts,
  models: modelTexts,

  shortcuts: {
    label: 'Keyboard shortcuts',
    close: 'Close',
    groups: [
      {
        name: 'Everywhere',
        rows: [
          { keys: ['Ctrl', 'K'], does: 'Commands and search' },
          { keys: ['/'], does: 'Write a question' },
          { keys: ['?'], does: 'Show these shortcuts' },
        ],
      },
      {
        name: 'In lists',
        rows: [
          { keys: ['j'], does: 'Next' },
          { keys: ['k'], does: 'Previous' },
          { keys: ['Enter'], does: 'Open' },
          { keys: ['x'], does: 'Select' },
          { keys: ['Esc'], does: 'Close, or select nothing' },
        ],
      },
      { name: 'Ask', rows: [{ keys: ['Ctrl', 'Enter'], does: 'Send' }] },
    ],
  },

  age: {
    now: 'now',
    seconds: (count: number) => `${count} s`,
    minutes: (count: number) => `${count} min`,
    hours: (count: number) => `${count} h`,
    days: (count: number) => `${count} d`,
    ago: (age: string) => `${age} ago`,
  },
} as const;
