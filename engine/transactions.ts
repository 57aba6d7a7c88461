import type { CallResult, Origin } from './call.ts';
import { assert, Rejection } from './errors.ts';
import type { Firings } from './firings.ts';
import type { CommitLog } from './log/log.ts';
import type { Outcome } from './module/instance.ts';
import type { QuerySetUpdate } from './query/contract.ts';
import type { Queries } from './query/queries.ts';
import type { Recorder } from './recorder.ts';
import type { Client } from './serve/contract.ts';
import type { Transaction } from './store/contract.ts';
import type { Store } from './store/store.ts';

export interface TransactionsParts {
  readonly store: Store;
  readonly queries: Queries;
  readonly recorder: Recorder;
  readonly log: CommitLog;
  readonly firings: Firings;
  /** What a caller may know of a failure of a view. */
  readonly explain: (error: unknown) => string;
}

/** The one way in which rows change for good: one transaction at a time, undone, or committed, logged and delivered. */
export class Transactions {
  readonly #parts: TransactionsParts;
  /** The one that has begun and not ended. */
  #open: Transaction | undefined;

  constructor(parts: TransactionsParts) {
    this.#parts = parts;
  }

  begin(): Transaction {
    assert(!this.#open, 'a transaction is open already');
    this.#open = this.#parts.store.begin();
    return this.#open;
  }

  /**
   * Runs one transaction. `body` writes; when it ends well and no view objects, the changes are committed, logged, and
   * delivered to everybody who sees them but `client`, whose part is returned.
   */
  run(origin: Origin, client: Client | undefined, body: (tx: Transaction) => Outcome): CallResult {
    const tx = this.begin();
    let ending: Outcome;
    try {
      ending = body(tx);
    } catch (error) {
      this.rollback();
      return refusalOf(error);
    }
    if (ending.kind === 'ok') return this.commit(tx, origin, client);
    this.rollback();
    return ending;
  }

  /** Ends the transaction in any case. */
  commit(tx: Transaction, origin: Origin, client: Client | undefined): CallResult {
    const { queries, recorder, log, firings, explain } = this.#parts;
    const changes = tx.changes();
    try {
      queries.prepare(changes);
    } catch (error) {
      this.rollback();
      return { kind: 'failed', message: explain(error) };
    }
    try {
      recorder.requireRoom(origin, changes);
    } catch (error) {
      this.rollback();
      return refusalOf(error);
    }
    const positions = tx.positions(changes);
    tx.commit();
    this.#open = undefined;
    recorder.record(origin, changes, positions);
    const { offset } = log;
    if (changes.length === 0) return { kind: 'ok', offset, update: [] };
    firings.follow(changes);
    let own: readonly QuerySetUpdate[] = [];
    for (const [subscriber, update] of queries.publish(changes)) {
      if (subscriber === client) own = update;
      else (subscriber as Client).deliver({ kind: 'transaction-update', update, origin }, offset);
    }
    return { kind: 'ok', offset, update: own };
  }

  /** Undoes the open one, if there is one. */
  rollback(): void {
    this.#open?.rollback();
    this.#open = undefined;
    this.#parts.queries.discard();
  }
}

/** @throws whatever is not a want of room */
function refusalOf(error: unknown): CallResult {
  if (!(error instanceof Rejection) || (error.code !== 'disk-full' && error.code !== 'memory-full')) throw error;
  return { kind: 'refused', code: error.code, message: error.message };
}
