import type { Select } from './ast.ts';
import type { Caller, Subscriber } from './contract.ts';
import type { Group } from './group.ts';
import type { ViewInstance } from './views.ts';

/** One query of a query set, in the group that answers it at present. */
export interface Entry {
  readonly querySet: QuerySet;
  readonly select: Select;
  readonly sql: string;
  group: Group<Entry>;
  readonly instances: readonly ViewInstance<Entry>[];
}

export interface QuerySet {
  readonly subscriber: Subscriber;
  readonly caller: Caller;
  readonly id: number;
  /** Equal for queries that ask the same, of which the set has one entry. */
  readonly names: Set<string>;
  readonly entries: Entry[];
}
