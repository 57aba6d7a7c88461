import { Heap } from './heap.ts';
import { accept, advance, forget, wakeAt } from './machine.ts';
import { type Cell, type Completion, type Course, isEmpty, type Token, type Tokens } from './memory.ts';
import { type EventScope, Network } from './network.ts';
import { groupsOf } from './patterns.ts';
import type { Rule } from './rule.ts';

/** An event of the past. */
export interface PastEvent {
  readonly id: number;
  /** Microseconds since 1970. */
  readonly at: number;
  readonly scope: EventScope;
}

/** What would have fired, and for which key. */
export interface WouldFire {
  readonly completion: Completion;
  readonly group: string;
}

/** What a rule made of one event. */
export interface Taken {
  /** Whether one of its patterns matched. */
  readonly matched: boolean;
  readonly fired: readonly WouldFire[];
  /** In words, why it did not fire. */
  readonly notes: readonly string[];
}

/**
 * Takes one rule through events of the past, in memory and by their own times, as it would have gone had it been active from
 * the first of them on. Nothing that it would have done is done.
 */
export class Replay {
  readonly #rule: Rule;
  readonly #network = new Network<Rule>();
  readonly #cells = new Map<string, { readonly cell: Cell; wakeAt: number | undefined }>();
  readonly #wakes = new Heap<string>();
  readonly #keysMax: number;
  readonly #timeZone: string;

  /** @param timeZone by whose clocks days begin; empty for UTC */
  constructor(rule: Rule, keysMax: number, timeZone: string) {
    this.#rule = rule;
    this.#keysMax = keysMax;
    this.#timeZone = timeZone;
    this.#network.add(rule, rule);
  }

  /** Lets time pass: what is due by then happens. */
  passUntil(now: number): readonly WouldFire[] {
    const fired: WouldFire[] = [];
    for (;;) {
      const wake = this.#wakes.take(now);
      if (!wake) return fired;
      const known = this.#cells.get(wake.item);
      if (known?.wakeAt !== wake.at) continue;
      const course: Course = { fired: [], notes: [] };
      advance(this.#rule, known.cell, wake.at, course);
      fired.push(...course.fired.map((completion) => ({ completion, group: wake.item })));
      forget(this.#rule, known.cell, wake.at);
      this.#close(wake.item, known);
    }
  }

  /** Takes an event; what was due before it has happened by `passUntil`. */
  take({ id, at, scope }: PastEvent): Taken {
    const [match] = this.#network.match(scope);
    if (!match) return { matched: false, fired: [], notes: [] };
    const groups = groupsOf(this.#rule, match.patterns, scope);
    if (groups.size === 0) return { matched: true, fired: [], notes: ['it has no value for the key of the rule'] };
    const fired: WouldFire[] = [];
    const notes: string[] = [];
    for (const [group, indexes] of groups) {
      const known = this.#cells.get(group) ?? {
        cell: { memory: {}, tokens: new TokenList(), timeZone: this.#timeZone },
        wakeAt: undefined,
      };
      if (!this.#cells.has(group) && this.#cells.size >= this.#keysMax) {
        notes.push(`the rule remembers something of ${this.#keysMax} keys already`);
        continue;
      }
      const course: Course = { fired: [], notes: [] };
      advance(this.#rule, known.cell, at, course);
      accept(this.#rule, known.cell, { event: id, at, scope }, indexes, course);
      fired.push(...course.fired.map((completion) => ({ completion, group })));
      notes.push(...course.notes);
      this.#close(group, known);
    }
    return { matched: true, fired, notes };
  }

  #close(group: string, known: { readonly cell: Cell; wakeAt: number | undefined }): void {
    if (isEmpty(known.cell.memory)) {
      this.#cells.delete(group);
      return;
    }
    this.#cells.set(group, known);
    const wake = wakeAt(this.#rule, known.cell.memory);
    if (wake === known.wakeAt) return;
    known.wakeAt = wake;
    if (wake !== undefined) this.#wakes.add(wake, group);
  }
}

class TokenList implements Tokens {
  #tokens: Token[] = [];
  #head = 0;

  push(token: Token): void {
    this.#tokens.push(token);
  }

  forgetUntil(at: number): number {
    const before = this.#head;
    while ((this.#tokens[this.#head]?.at ?? Number.POSITIVE_INFINITY) <= at) this.#head += 1;
    const forgotten = this.#head - before;
    if (this.#head > 1000) {
      this.#tokens = this.#tokens.slice(this.#head);
      this.#head = 0;
    }
    return forgotten;
  }

  newest(most: number): readonly Token[] {
    return this.#tokens.slice(Math.max(this.#head, this.#tokens.length - most));
  }

  clear(): void {
    this.#tokens = [];
    this.#head = 0;
  }
}
