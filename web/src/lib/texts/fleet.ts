/** The screen of limbs, and the codes that enrol and invite. */
export const limbTexts = {
  label: 'Limbs',
  loading: 'Loading the limbs',
  online: 'online',
  offline: 'offline',
  draining: 'draining: finishes what it has, takes nothing more',
  seen: (ago: string) => `last seen ${ago}`,
  onlineCount: (online: number, all: number) => `${online} of ${all} online`,
  empty: 'No limb yet',
  emptyHint: 'A limb is a worker process. Start one next to the hub, or enrol another machine:',
  command: 'npx helix limb start',
  skillsOf: (limb: string) => `Skills of ${limb}`,
  current: (limb: string) => `What ${limb} works on`,
  noModel: 'no language model (extractive answers)',
  model: 'Model',
  sandbox: 'Sandbox',
  noSandbox: 'none',
  memory: 'Memory',
  remembers: (documents: number, chunks: number) =>
    `${documents.toLocaleString('en')} ${documents === 1 ? 'document' : 'documents'}, ${chunks.toLocaleString('en')} ${chunks === 1 ? 'chunk' : 'chunks'}`,
  remembersNothing: 'empty',
  slots: (used: number, capacity: number) => `${used} of ${capacity} ${capacity === 1 ? 'slot' : 'slots'} busy`,
  latency: 'Latency',
  latencies: (wait: string, work: string) => `takes a task in ${wait}, works ${work} (medians)`,
  noLatency: 'no task yet',
  tunnel: 'Tunnel',
  tunnelOf: (name: string, kind: string) => (name === kind ? kind : `${name} (${kind})`),
  tunnelStates: {
    Stopped: 'down',
    Starting: 'starting',
    Up: 'up',
    Unhealthy: 'no request comes through',
    Waiting: 'down, started anew in a moment',
    Failed: 'failed',
  },
  version: 'Version',
  unknown: 'unknown',
  ended: (count: number, minutes: number) =>
    `${count} ${count === 1 ? 'task' : 'tasks'} ended in the last ${minutes} minutes`,
  enrol: 'Enrol a limb',
  drain: 'Drain',
  undrain: 'Take tasks again',
  revoke: 'Revoke',
  revokeTitle: (name: string) => `Revoke ${name}?`,
  revokeHint:
    'It loses its access at once, and what it works on goes to others. To come back it needs a new pairing code.',
} as const;

export const inviteTexts = {
  once: (minutes: number) => `Works once, in the next ${minutes} minutes. It is not shown again.`,
  limb: {
    title: 'Enrol a limb',
    hint: 'Run one line on the machine that is to work. It dials out to this hub and needs no open port.',
    make: 'Make a pairing code',
    qr: 'The pairing code as a QR code',
    copy: 'Copy the line',
  },
  member: {
    title: 'Invite a member',
    hint: 'Whoever opens the link becomes a member of this tenant.',
    make: 'Make an invite',
    qr: 'The invite link as a QR code',
    copy: 'Copy the link',
  },
} as const;

export const settingsTexts = {
  hint: (tenant: string) => `Of the tenant ${tenant}: who belongs to it, and what it may use and keep`,
  members: 'Members',
  invite: 'Invite a member',
  role: 'Role',
  roleOf: (name: string) => `Role of ${name}`,
  roleNames: { Owner: 'Owner', Operator: 'Operator', Viewer: 'Viewer' },
  roleHints: {
    Owner: 'Everything, with members, limbs and budgets.',
    Operator: 'Asks, cancels and redrives tasks.',
    Viewer: 'Sees everything and changes nothing.',
  },
  you: 'you',
  joined: (time: string) => `Joined ${time}`,
  remove: 'Remove',
  removeTitle: (name: string) => `Remove ${name}?`,
  removeHint: 'They lose their access at once. The tasks that they submitted stay.',
  tenants: 'Tenants',
  current: 'shown now',
  switchTo: 'Switch',
  newTenant: 'Name of a new tenant',
  newTenantAct: 'Make a tenant',
  make: 'Make',
  tenantMade: (name: string) => `${name} is made: switch to it here or in the menu`,
  leave: 'Leave this tenant',
  leaveTitle: (name: string) => `Leave ${name}?`,
  leaveHint: 'You no longer see it. To come back you need a new invite.',
  browser: 'This browser',
} as const;

export const policyTexts = {
  label: 'Policies',
  retention: 'Finished tasks are kept',
  retentionHint: 'After that only their daily totals are left.',
  days: 'Days that finished tasks are kept',
  daysKept: (days: number) => (days === 1 ? '1 day' : `${days} days`),
  save: 'Save',
  timeZone: 'Time zone',
  timeZoneHint: 'By its clocks go new schedules, quiet hours, and rules that fire once a day.',
  exhaustion: 'When a budget is used up',
  exhaustionHint: 'What a limb does that needs more than is left.',
  exhaustions: { Reject: 'Stop', Downgrade: 'Take a cheaper model' },
} as const;

export const quotaTexts = {
  label: 'Quotas',
  hint: 'What the tenant has, of what it may have. Beyond it new tasks are refused; results never are.',
  editHint: 'An empty field is the hub’s default.',
  names: { unfinishedTasks: 'Unfinished tasks', rows: 'Rows of tasks', bytes: 'Size of tasks' },
  inputs: { unfinishedTasks: 'Unfinished tasks', rows: 'Rows of tasks', bytes: 'Size of tasks, MiB' },
  of: (now: string, max: string) => `${now} of ${max}`,
  edit: 'Change',
  save: 'Save quotas',
} as const;

export const openInviteTexts = {
  label: 'Open invites',
  member: (role: string) => `A member as ${role}`,
  limb: 'A limb',
  by: (member: string) => `Made by ${member}`,
  expires: (time: string) => `for ${time}`,
  withdraw: 'Withdraw',
} as const;

export const modelTexts = {
  label: 'Models',
  hint: 'The model that each limb asks first. Further ones, their order, prices and keys are in its own limb.toml and never come here.',
  none: 'No limb answers questions yet.',
} as const;
