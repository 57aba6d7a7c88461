import { type Account, type LedgerCall, LedgerModel, linesOf } from './ledger-model.ts';

/** What a database holds after a start, read from its store. */
export interface Truth {
  /** The calls that went through, in their order. */
  readonly calls: readonly number[];
  readonly accounts: readonly Account[];
  readonly alarms: readonly { readonly call: number; readonly dueMicros: bigint }[];
  readonly rings: readonly { readonly call: number; readonly atMicros: bigint }[];
}

interface Sent {
  readonly call: LedgerCall;
  readonly connection: number;
  readonly at: number;
}

/**
 * Hears everything that clients send and see, and notes what contradicts it. It knows the ledger's rules and nothing of
 * the engine.
 */
export class Witness {
  /** What a client or an operator would call a loss or damage; one sentence each. */
  readonly losses: string[] = [];
  readonly #sent = new Map<number, Sent>();
  readonly #refused = new Set<number>();
  /** Calls that were gone after a stop: they never come back. */
  readonly #gone = new Set<number>();
  /** The calls that went through, as far as anybody has seen them, and the state after each. */
  #order: number[] = [];
  #states: LedgerModel[] = [new LedgerModel()];
  /** So many of them may never be lost. */
  #durableCount = 0;
  /** Confirmed calls that nobody has seen in the journal yet: when they were confirmed, and whether for good. */
  #confirmed = new Map<number, { readonly at: number; readonly isDurable: boolean }>();
  readonly #due = new Map<number, bigint>();
  #now = 0;
  #stopCount = 0;

  sent(id: number, call: LedgerCall, connection: number): void {
    this.#sent.set(id, { call, connection, at: ++this.#now });
  }

  /** @param isDurable whether the client waits for the disk */
  confirmed(id: number, isDurable: boolean): void {
    this.#now += 1;
    const place = this.#order.indexOf(id);
    if (place < 0) this.#confirmed.set(id, { at: this.#now, isDurable });
    else if (isDurable) this.#durableCount = Math.max(this.#durableCount, place + 1);
  }

  refused(id: number): void {
    this.#now += 1;
    this.#refused.add(id);
    if (this.#order.includes(id)) this.losses.push(`call ${id} was refused, but is in the journal`);
  }

  dueAt(call: number, micros: bigint): void {
    this.#due.set(call, micros);
  }

  /** A replica shows these calls, of which it has shown the first `knownCount` before. @returns the state after them */
  seen(calls: readonly number[], knownCount: number, isDurable: boolean): LedgerModel {
    for (let place = knownCount; place < calls.length; place++) {
      const id = calls[place] as number;
      const other = this.#order[place];
      if (other === undefined) this.#append(id);
      else if (other !== id) this.losses.push(`call ${id} was seen where call ${other} was seen before`);
    }
    if (isDurable) this.#durableCount = Math.max(this.#durableCount, calls.length);
    return this.#states[calls.length] ?? new LedgerModel();
  }

  /** The machine has stopped. */
  stopped(): void {
    this.#stopCount += 1;
  }

  /** A new process has this. */
  recovered(truth: Truth): void {
    const { calls } = truth;
    const known = this.#order.slice(0, calls.length);
    if (known.some((id, place) => calls[place] !== id)) {
      this.losses.push(`after a stop the journal is ${calls.join()}, but it was ${this.#order.join()}`);
    }
    if (calls.length < this.#durableCount) {
      this.losses.push(`${this.#durableCount} calls were confirmed, but ${calls.length} are there after a stop`);
    }
    this.#order = known;
    this.#states = this.#states.slice(0, known.length + 1);
    for (const id of calls.slice(known.length)) this.#append(id);
    for (const [id, { isDurable }] of this.#confirmed) {
      if (isDurable) this.losses.push(`call ${id} was confirmed, but is gone after a stop`);
    }
    this.#confirmed.clear();
    const there = new Set(calls);
    if (there.size < calls.length) this.losses.push(`a call is there twice: ${calls.join()}`);
    for (const id of this.#sent.keys()) if (!there.has(id)) this.#gone.add(id);
    // What there is after a start has been read from the disk.
    this.#durableCount = calls.length;
    this.#judge(truth, 'after a stop');
  }

  /** Compares what the store has with what was seen, in a moment in which nothing is under way. */
  settled(truth: Truth): void {
    if (truth.calls.join() !== this.#order.join()) {
      this.losses.push(`the journal is ${truth.calls.join()}, but what was seen of it is ${this.#order.join()}`);
    }
    for (const id of this.#confirmed.keys()) this.losses.push(`call ${id} was confirmed, but nobody sees it`);
    this.#judge(truth, 'when everything had settled');
  }

  #judge({ calls, accounts, alarms, rings }: Truth, when: string): void {
    const expected = this.#states[calls.length]?.lines();
    if (linesOf(accounts) !== expected) {
      this.losses.push(`the accounts differ ${when}:\n${linesOf(accounts)}\ninstead of\n${expected}`);
    }
    for (const { call, dueMicros } of alarms) this.dueAt(call, dueMicros);
    const waiting = new Set(alarms.map(({ call }) => call));
    const ringCounts = new Map<number, number>();
    for (const { call, atMicros } of rings) {
      ringCounts.set(call, (ringCounts.get(call) ?? 0) + 1);
      if (atMicros < (this.#due.get(call) ?? atMicros)) this.losses.push(`the alarm of call ${call} rang too early`);
    }
    for (const id of calls) {
      if (this.#sent.get(id)?.call.reducer !== 'remind') continue;
      const count = ringCounts.get(id) ?? 0;
      if (count === 0 && !waiting.has(id)) this.losses.push(`the alarm of call ${id} is gone ${when} and never rang`);
      // A stop between a ring and the end of its row makes it ring again.
      if (count > 1 + this.#stopCount) this.losses.push(`the alarm of call ${id} rang ${count} times`);
    }
  }

  /** The next call has been seen in the journal. */
  #append(id: number): void {
    const sent = this.#sent.get(id);
    if (!sent) {
      this.losses.push(`call ${id} is in the journal, but nobody made it`);
      return;
    }
    if (this.#order.includes(id)) this.losses.push(`call ${id} is in the journal twice`);
    if (this.#refused.has(id)) this.losses.push(`call ${id} was refused, but is in the journal`);
    if (this.#gone.has(id)) this.losses.push(`call ${id} was gone after a stop, but has come back`);
    const before = this.#order.map((other) => this.#sent.get(other));
    if (before.some((other) => other && other.connection === sent.connection && other.at > sent.at)) {
      this.losses.push(`call ${id} was sent before another call of its connection, but came after it`);
    }
    const confirmation = this.#confirmed.get(id);
    this.#confirmed.delete(id);
    for (const [other, { at }] of this.#confirmed) {
      if (at < sent.at)
        this.losses.push(`call ${other} was confirmed before call ${id} was made, but is not before it`);
    }
    const state = (this.#states.at(-1) as LedgerModel).copy();
    if (!state.apply(sent.call)) this.losses.push(`call ${id} (${sent.call.reducer}) should have been refused`);
    this.#order.push(id);
    this.#states.push(state);
    if (confirmation?.isDurable) this.#durableCount = Math.max(this.#durableCount, this.#order.length);
  }
}
