import type { Run, RunStateTag } from '../live/model.ts';

/** What of the runs is shown; kept in the address. */
export interface RunFilter {
  /** A recipe's name; empty for all. */
  readonly recipe: string;
  /** None for all. */
  readonly states: readonly RunStateTag[];
  /** Hex of an Identity; empty for all. */
  readonly member: string;
  /** Runs that are steps of others as well. */
  readonly isDeep: boolean;
}

export const runStates: readonly RunStateTag[] = ['Running', 'Paused', 'Undoing', 'Done', 'Failed', 'Cancelled'];

export function readRunFilter(search: URLSearchParams): RunFilter {
  const states = (search.get('state') ?? '').split(',');
  return {
    recipe: search.get('recipe') ?? '',
    states: runStates.filter((state) => states.includes(state.toLowerCase())),
    member: search.get('by') ?? '',
    isDeep: search.get('inner') === 'yes',
  };
}

/** The query of an address, with its question mark; empty when everything is shown. */
export function writeRunFilter({ recipe, states, member, isDeep }: RunFilter): string {
  const search = new URLSearchParams();
  if (recipe !== '') search.set('recipe', recipe);
  if (states.length > 0) search.set('state', states.map((state) => state.toLowerCase()).join(','));
  if (member !== '') search.set('by', member);
  if (isDeep) search.set('inner', 'yes');
  const text = search.toString().replaceAll('%2C', ',');
  return text === '' ? '' : `?${text}`;
}

/** Whether a run is shown, whatever its state: for the counts of the states. */
export function fitsBesideState(run: Run, { recipe, member, isDeep }: RunFilter): boolean {
  if (!isDeep && run.parentStep !== 0n) return false;
  if (recipe !== '' && run.recipe !== recipe) return false;
  return member === '' || run.startedBy.toHexString() === member;
}
