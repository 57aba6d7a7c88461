import { Rejection } from '../errors.ts';
import type { ViewDef } from '../module/definition.ts';
import type { TableChange } from '../store/contract.ts';
import type { Caller, EvaluateView, ReadSet, ViewResult } from './contract.ts';
import type { ViewDefinition } from './expand.ts';
import type { RowsQuery } from './query.ts';
import { ReadIndex } from './read-index.ts';
import { QueryRejection } from './rejection.ts';
import type { Relations } from './relations.ts';
import { RowsSource } from './rows-source.ts';

/** A view as one sender sees it, or as everybody does when it is anonymous. */
export interface ViewInstance<User> {
  readonly view: ViewDef;
  readonly sender: bigint | undefined;
  state: ViewState;
  /** Who needs it kept current. */
  readonly users: Set<User>;
}

type ViewState =
  | { readonly kind: 'rows'; readonly source: RowsSource; readonly reads: ReadSet }
  | { readonly kind: 'query'; readonly sql: string; readonly query: RowsQuery; readonly reads: ReadSet };

/** What a rerun found, until its transaction commits. */
type Rerun =
  | (ViewResult & { readonly kind: 'rows' })
  | { readonly kind: 'query'; readonly sql: string; readonly query: RowsQuery; readonly reads: ReadSet };

/** A view that was only queried stays current until this many reruns of it were in vain. */
const idleRerunsMax = 8;
const idleMax = 64;

/** The views that somebody uses or lately queried, each function run only when something that it read has changed. */
export class Views<User> {
  readonly #relations: Relations;
  readonly #evaluate: EvaluateView;
  readonly #instances = new Map<string, ViewInstance<User>>();
  readonly #readers: ReadIndex<ViewInstance<User>>;
  /** Those that nobody uses, the longest unasked first, with how often each ran since somebody asked. */
  readonly #idle = new Map<ViewInstance<User>, number>();
  #reruns = new Map<ViewInstance<User>, Rerun>();
  #changed: RowsSource[] = [];
  #sourceCount: number;

  constructor(relations: Relations, evaluate: EvaluateView, sourceCount = 0) {
    this.#relations = relations;
    this.#evaluate = evaluate;
    this.#readers = new ReadIndex(relations.catalog);
    this.#sourceCount = sourceCount;
  }

  /** The views of the next version of the module, none of them in use; names of sources are not used again. */
  successor(relations: Relations, evaluate: EvaluateView): Views<User> {
    return new Views(relations, evaluate, this.#sourceCount);
  }

  get size(): number {
    return this.#instances.size;
  }

  /** The instance in use, or a new one that nobody uses yet. @throws QueryRejection `view` when its function fails */
  open(view: ViewDef, caller: Caller): ViewInstance<User> {
    const sender = view.isAnonymous ? undefined : caller.identity;
    return this.#instances.get(nameOf(view, sender)) ?? this.make(view, caller);
  }

  /** A view as it is inside the open transaction, not to be kept. @throws QueryRejection `view` when its function fails */
  make(view: ViewDef, caller: Caller): ViewInstance<User> {
    const sender = view.isAnonymous ? undefined : caller.identity;
    try {
      const result = this.#run(view, sender);
      return { view, sender, state: this.#state(view, result), users: new Set() };
    } catch (error) {
      if (!(error instanceof Rejection) || error instanceof QueryRejection) throw error;
      throw new QueryRejection('view', error.message, { cause: error });
    }
  }

  use(instance: ViewInstance<User>, user: User): void {
    if (instance.users.size === 0 && !this.#idle.delete(instance)) this.#add(instance);
    instance.users.add(user);
  }

  /** Keeps a view that was queried once: it is likely to be queried again. */
  keep(instance: ViewInstance<User>): void {
    if (instance.users.size > 0) return;
    if (!this.#idle.delete(instance)) this.#add(instance);
    this.#idle.set(instance, 0);
    const [oldest] = this.#idle.keys();
    if (oldest && this.#idle.size > idleMax) this.#forget(oldest);
  }

  drop(instance: ViewInstance<User>, user: User): void {
    instance.users.delete(user);
    if (instance.users.size === 0) this.#forget(instance);
  }

  /** Reruns what the open transaction's changes concern. Throws what a view throws. */
  prepare(changes: readonly TableChange[]): void {
    this.#reruns = new Map();
    for (const instance of this.#readers.hit(changes)) {
      const rerun = instance.users.size > 0 ? this.#run(instance.view, instance.sender) : this.#runIdle(instance);
      if (rerun) this.#reruns.set(instance, rerun);
    }
  }

  discard(): void {
    this.#reruns = new Map();
  }

  /**
   * Takes over what `prepare` found.
   * @returns the sources whose rows changed, and the instances that became another query, which still have their old state
   */
  begin(): { readonly changed: readonly RowsSource[]; readonly switched: ReadonlyMap<ViewInstance<User>, () => void> } {
    const switched = new Map<ViewInstance<User>, () => void>();
    for (const [instance, rerun] of this.#reruns) {
      const { state } = instance;
      this.#readers.remove(instance, state.reads);
      this.#readers.add(instance, rerun.reads);
      if (state.kind === 'rows' && rerun.kind === 'rows') {
        state.source.replace(rerun.rows);
        instance.state = { ...state, reads: rerun.reads };
        this.#changed.push(state.source);
      } else if (state.kind === 'query' && rerun.kind === 'query' && state.sql === rerun.sql) {
        instance.state = rerun;
      } else {
        const next = this.#state(instance.view, rerun);
        switched.set(instance, () => {
          instance.state = next;
        });
      }
    }
    this.#reruns = new Map();
    return { changed: this.#changed, switched };
  }

  /** After the commit was published. */
  end(): void {
    for (const source of this.#changed) source.change = undefined;
    this.#changed = [];
  }

  #add(instance: ViewInstance<User>): void {
    this.#instances.set(nameOf(instance.view, instance.sender), instance);
    this.#readers.add(instance, instance.state.reads);
  }

  #forget(instance: ViewInstance<User>): void {
    this.#idle.delete(instance);
    this.#instances.delete(nameOf(instance.view, instance.sender));
    this.#readers.remove(instance, instance.state.reads);
    this.#reruns.delete(instance);
  }

  /** A view that nobody uses fails no transaction: it is forgotten. */
  #runIdle(instance: ViewInstance<User>): Rerun | undefined {
    const reruns = (this.#idle.get(instance) ?? 0) + 1;
    this.#idle.set(instance, reruns);
    try {
      if (reruns <= idleRerunsMax) return this.#run(instance.view, instance.sender);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
    }
    this.#forget(instance);
    return undefined;
  }

  #run(view: ViewDef, sender: bigint | undefined): Rerun {
    const result = this.#evaluate(view, sender);
    return result.kind === 'rows' ? result : { ...result, query: this.#relations.viewQuery(view, result.sql) };
  }

  #state(view: ViewDef, rerun: Rerun): ViewState {
    if (rerun.kind === 'query') return rerun;
    this.#sourceCount += 1;
    const source = new RowsSource(`v${this.#sourceCount}`, view.row, rerun.rows);
    return { kind: 'rows', source, reads: rerun.reads };
  }
}

/** What stands in for the view in a query. */
export function definitionOf({ state }: ViewInstance<unknown>): ViewDefinition {
  return state.kind === 'rows' ? state : { kind: 'query', query: state.query };
}

function nameOf(view: ViewDef, sender: bigint | undefined): string {
  return sender === undefined ? view.name : `${view.name} ${sender}`;
}
