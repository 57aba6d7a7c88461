const tasks = (count: number): string => (count === 1 ? '1 task' : `${count.toLocaleString()} tasks`);

/** The screen of all tasks. */
export const boardTexts = {
  hint: (shown: number, all: number) =>
    shown === all ? `${tasks(all)}, live` : `${shown.toLocaleString()} of ${tasks(all)}, live`,
  view: 'View',
  table: 'Table',
  board: 'Board',
  showBoard: 'Show the tasks as a board',
  showTable: 'Show the tasks as a table',
  search: 'Words or number',
  skill: 'Skill',
  anySkill: 'Any skill',
  anyLimb: 'Any limb',
  anyMember: 'Anyone',
  clear: 'Show all tasks',
  none: 'No task fits',
  noneHint: 'No task has what you ask for. As soon as one does, it appears here.',
  loading: 'Loading the tasks',
  columns: {
    select: 'Selection',
    task: 'Task',
    state: 'State',
    limb: 'Limb',
    member: 'Submitted by',
    worked: 'Worked',
    age: 'Age',
  },
  groups: {
    waiting: 'Waiting',
    working: 'Under way',
    done: 'Done',
    failed: 'Failed',
    dead: 'Given up',
    cancelled: 'Cancelled',
  },
  boardColumns: {
    waiting: 'Waiting',
    working: 'Under way',
    done: 'Done',
    failed: 'Failed or cancelled',
  } as Record<string, string>,
  boardEmpty: {
    waiting: 'Nothing waits.',
    working: 'Nothing is under way.',
    done: 'Nothing is done yet.',
    failed: 'Nothing has failed.',
  } as Record<string, string>,
  select: (title: string) => `Select “${title}”`,
  selectAll: (count: number) => `Select ${tasks(count)}`,
  selectNone: 'Select none',
  selected: (count: number) => `${count.toLocaleString()} selected`,
  cancel: (count: number) => (count === 0 ? 'Cancel' : `Cancel ${tasks(count)}`),
  redrive: (count: number) => (count === 0 ? 'Redrive' : `Redrive ${tasks(count)}`),
  redriveShown: (count: number) => `Redrive ${tasks(count)} that failed`,
} as const;

export const toastTexts = {
  label: 'Messages',
  undo: 'Undo',
  cancelling: (count: number) => `Cancelling ${tasks(count)}`,
  cancelled: (count: number) => `${tasks(count)} cancelled`,
  redriving: (count: number) => `Queueing ${tasks(count)} again`,
  redriven: (count: number) => `${tasks(count)} queued again`,
  refused: (refused: number, all: number, reason: string) => `${refused} of ${all} refused: ${reason}`,
} as const;
