import type { CallResult, Origin } from './call.ts';
import { assert, Rejection } from './errors.ts';
import type { Clock, Timer } from './host/clock.ts';
import type { Logs } from './logs.ts';
import type { Catalog } from './module/catalog.ts';
import type { ReducerDef } from './module/definition.ts';
import type { Outcome } from './module/instance.ts';
import type { Procedures } from './procedures.ts';
import type { TableChange, Transaction } from './store/contract.ts';
import type { Store } from './store/store.ts';
import { type Firing, type Reading, Timetable } from './timetable.ts';

const firingsATurnMax = 100;
/** A timer waits for steady time: what is due by a wall clock that was set, or ran on while the machine slept, is late by this. */
const timerMsMax = 10 * 1000;
const retryMicros = 1_000_000n;

/** What firing needs of the engine. */
interface FiringEngine {
  readonly identity: bigint;
  readonly catalog: Catalog;
  readonly store: Store;
  readonly logs: Logs;
  readonly procedures: Procedures;
  reducer(name: string): ReducerDef | undefined;
  origin(name: string, identity: bigint): Origin;
  call(reducer: ReducerDef, origin: Origin, args: Uint8Array): CallResult;
  transact(origin: Origin, client: undefined, body: (tx: Transaction) => Outcome): CallResult;
  durable(offset: number): Promise<void>;
  explain(error: unknown): string;
}

/** Runs what nobody calls: the functions of scheduled rows when they are due, and what the module wants run at once. */
export class Firings {
  readonly #engine: FiringEngine;
  readonly #clock: Clock;
  readonly #timetable = new Timetable();
  readonly #immediate: { readonly reducer: ReducerDef; readonly args: Uint8Array }[] = [];
  /** Scheduled procedures that have begun and not ended. */
  readonly #underWay = new Set<Promise<void>>();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(engine: FiringEngine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Starts over from the rows that are stored: at the start of a host and after an update of the module. */
  load(): void {
    this.#timetable.load(this.#engine.catalog, (table) => this.#engine.store.table(table), this.#clock.steadyMicros());
    this.arm();
  }

  /** Follows a commit. */
  follow(changes: readonly TableChange[]): void {
    this.#timetable.follow(changes, this.#clock.steadyMicros());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Resolves when every scheduled procedure that has begun has ended. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Runs a reducer at once, outside of the transaction that asks for it and even if that is undone. */
  runSoon(name: string, args: Uint8Array): void {
    const reducer = this.#engine.reducer(name);
    if (!reducer) {
      this.#log(`there is no reducer ${name} to run at once`);
      return;
    }
    this.#immediate.push({ reducer, args });
    this.arm();
  }

  /** Sets the timer for what is due next. */
  arm(): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    const delay = this.#timetable.nextDelayMicros(this.#now());
    let delayMs = delay === undefined ? undefined : Number(delay) / 1000;
    if (this.#immediate.length > 0) delayMs = 0;
    if (delayMs === undefined) return;
    // Rounded up: a timer that comes early would find nothing due.
    const wholeMs = Math.min(timerMsMax, Math.max(0, Math.ceil(delayMs)));
    this.#timer = this.#clock.setTimer(wholeMs, () => this.#fireDue());
  }

  #fireDue(): void {
    this.#timer = undefined;
    for (const { reducer, args } of this.#immediate.splice(0, firingsATurnMax)) {
      const result = this.#engine.call(reducer, this.#engine.origin(reducer.name, this.#engine.identity), args);
      if (result.kind !== 'ok') this.#log(`The reducer \`${reducer.name}\`, run at once, failed: ${result.message}`);
    }
    for (let count = 0; count < firingsATurnMax && !this.#isStopped; count++) {
      const firing = this.#timetable.take((table) => this.#engine.store.table(table), this.#now());
      if (!firing) break;
      this.#fire(firing);
    }
    this.arm();
  }

  #now(): Reading {
    return { wallMicros: this.#clock.nowMicros(), steadyMicros: this.#clock.steadyMicros() };
  }

  #fire(firing: Firing): void {
    if (firing.function.kind === 'procedure') {
      const run = this.#fireProcedure(firing).finally(() => this.#underWay.delete(run));
      this.#underWay.add(run);
      return;
    }
    const reducer = this.#engine.catalog.def.reducers[firing.function.id];
    assert(reducer, `the schedule of ${firing.table.declared.name} names a reducer`);
    const origin = this.#firingOrigin(reducer.name, firing);
    const result = this.#engine.call(reducer, origin, firing.row);
    // What is refused is tried again, or its next tick is.
    if (result.kind === 'rejected' || result.kind === 'failed') {
      this.#log(`The scheduled reducer \`${reducer.name}\` failed: ${result.message}`);
    }
    if (!firing.isOnce) return;
    if (result.kind === 'refused' || this.#deleteFired(firing, origin).kind === 'refused') this.#postpone(firing);
  }

  /**
   * A row that is due once is gone for good before its procedure acts on the world, which a crash does not undo. Of a row
   * that repeats, the ticks that come while it runs are skipped.
   */
  async #fireProcedure(firing: Firing): Promise<void> {
    const procedure = this.#engine.catalog.def.procedures[firing.function.id];
    assert(procedure, `the schedule of ${firing.table.declared.name} names a procedure`);
    const origin = this.#firingOrigin(`procedure:${procedure.name}`, firing);
    const procedures = this.#engine.procedures;
    try {
      if (firing.isOnce) {
        const deleted = this.#deleteFired(firing, origin);
        if (deleted.kind === 'refused') {
          this.#postpone(firing);
          return;
        }
        if (deleted.kind !== 'ok') throw new Rejection('not-deleted', deleted.message);
        await this.#engine.durable(deleted.offset);
        await procedures.call(procedure, origin, firing.row);
      } else {
        const key = `${firing.table.stored.id} ${firing.key}`;
        await procedures.callAlone(key, procedure, origin, firing.row);
      }
    } catch (error) {
      this.#log(`The scheduled procedure \`${procedure.name}\` failed: ${this.#engine.explain(error)}`);
    }
  }

  /** Nobody waits for an answer: what went wrong is for the log. */
  #log(message: string): void {
    this.#engine.logs.add({ level: 'Error', ts: this.#clock.nowMicros(), message });
  }

  /** What the host had no room for is tried again; of a row that repeats the tick is skipped. */
  #postpone(firing: Firing): void {
    this.#timetable.postpone(firing, this.#clock.nowMicros() + retryMicros);
    this.arm();
  }

  #firingOrigin(name: string, firing: Firing): Origin {
    const origin = this.#engine.origin(name, this.#engine.identity);
    const isEarly = origin.timestampMicros < firing.intendedMicros;
    return isEarly ? { ...origin, timestampMicros: firing.intendedMicros } : origin;
  }

  #deleteFired(firing: Firing, origin: Origin): CallResult {
    return this.#engine.transact(origin, undefined, (tx) => {
      tx.deleteEqual(firing.table.stored.id, firing.row);
      return { kind: 'ok' };
    });
  }
}
