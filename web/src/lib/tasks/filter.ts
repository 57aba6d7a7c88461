import type { Task, TaskStateTag } from '../live/model.ts';

export type View = 'table' | 'board';

/** What of the tasks is shown. It is kept in the address, so that it survives a reload and can be sent to others. */
export interface Filter {
  readonly view: View;
  /** Words of the title, or a task's number; empty for all. */
  readonly words: string;
  /** None for all. */
  readonly states: readonly StateGroup[];
  readonly skill: string;
  /** Hex of an Identity. */
  readonly limb: string;
  /** Hex of an Identity. */
  readonly member: string;
}

/** States as a person thinks of them. */
export const stateGroups = {
  waiting: ['Queued'],
  working: ['Claimed', 'Running'],
  done: ['Done'],
  failed: ['Failed'],
  dead: ['Dead'],
  cancelled: ['Cancelled'],
} as const satisfies Record<string, readonly TaskStateTag[]>;

export type StateGroup = keyof typeof stateGroups;
export const stateGroupNames = Object.keys(stateGroups) as StateGroup[];

const groupOfState = new Map<TaskStateTag, StateGroup>(
  stateGroupNames.flatMap((group) => stateGroups[group].map((state): [TaskStateTag, StateGroup] => [state, group])),
);

export function groupOf(state: TaskStateTag): StateGroup {
  return groupOfState.get(state) ?? 'waiting';
}

/** Reads the filter from an address; what it does not know is left out. */
export function readFilter(search: URLSearchParams): Filter {
  return {
    view: search.get('view') === 'board' ? 'board' : 'table',
    words: search.get('q') ?? '',
    states: (search.get('state') ?? '').split(',').filter((state): state is StateGroup => state in stateGroups),
    skill: search.get('skill') ?? '',
    limb: search.get('limb') ?? '',
    member: search.get('by') ?? '',
  };
}

/** The query of an address, with its question mark; empty when everything is shown. */
export function writeFilter(filter: Filter): string {
  const search = new URLSearchParams();
  const set = (name: string, value: string): void => {
    if (value !== '') search.set(name, value);
  };
  set('view', filter.view === 'table' ? '' : filter.view);
  set('q', filter.words);
  set('state', filter.states.join(','));
  set('skill', filter.skill);
  set('limb', filter.limb);
  set('by', filter.member);
  const text = search.toString().replaceAll('%2C', ',');
  return text === '' ? '' : `?${text}`;
}

export function isNarrow({ words, states, skill, limb, member }: Filter): boolean {
  return words !== '' || states.length > 0 || skill !== '' || limb !== '' || member !== '';
}

/** Whether a task is shown, whatever its state: for the counts of the states. */
export function matchesBesideState(task: Task, filter: Filter): boolean {
  if (filter.skill !== '' && task.skill !== filter.skill) return false;
  if (filter.limb !== '' && task.limb?.toHexString() !== filter.limb) return false;
  if (filter.member !== '' && task.submittedBy.toHexString() !== filter.member) return false;
  const words = filter.words.trim().toLowerCase();
  if (words === '') return true;
  return task.title.toLowerCase().includes(words) || `#${task.id}` === (words.startsWith('#') ? words : `#${words}`);
}

export function matchesState(task: Task, filter: Filter): boolean {
  return filter.states.length === 0 || filter.states.includes(groupOf(task.state.tag));
}
