import type { Condition, Test } from '../conditions/condition.ts';
import { holds, testHolds } from '../conditions/evaluate.ts';
import { type Expression, evaluateExpression, expressionText } from '../conditions/expression.ts';
import type { Json, Scalar } from '../conditions/source.ts';
import { type Interval, IntervalIndex } from './interval-index.ts';
import { selectorCondition } from './patterns.ts';
import { patternsOf, type Rule } from './rule.ts';

// Which patterns of many rules an event matches. Equal tests are one node, which is asked at most once an event. Each pattern
// hangs where it is found by the most telling of its tests that must hold: an equality in a hash table, a range in an index of
// intervals. So an event costs what it finds, not what there is.

/** An event as conditions see it. */
export interface EventScope {
  readonly [key: string]: Json;
  readonly kind: string;
}

/** A rule with which of its patterns an event matches. */
export interface Match<R> {
  readonly member: R;
  readonly patterns: ReadonlySet<number>;
}

interface TestNode {
  readonly test: Test;
  users: number;
  /** The last event that it was asked of, and the answer. */
  asked: number;
  answer: boolean;
}

interface Entry<R> {
  readonly member: R;
  readonly pattern: number;
  readonly condition: Condition | undefined;
  readonly nodes: readonly string[];
  /** Takes it out of where it hangs. */
  leave: () => void;
}

export class Network<R> {
  readonly #nodes = new Map<string, TestNode>();
  readonly #nodeOf = new Map<Test, TestNode>();
  readonly #entries = new Map<R, readonly Entry<R>[]>();
  readonly #kinds = new Map<string, Branch<R>>();
  readonly #prefixes = new Map<string, Branch<R>>();
  #events = 0;

  /** How many different tests there are. */
  get testCount(): number {
    return this.#nodes.size;
  }

  add(member: R, rule: Rule): void {
    const entries = patternsOf(rule).flatMap(({ on, when }, pattern) =>
      on.map((selector) => {
        const { kind } = selector;
        const rest = selectorCondition({ ...selector, kind: '*' });
        const parts = [rest, when].filter((part) => part !== undefined);
        const [first, second] = parts;
        const whole: Condition | undefined =
          first && second ? { kind: 'all', of: [first, second], at: second.at } : first;
        const nodes: string[] = [];
        const condition = whole && this.#shared(whole, nodes);
        const [branches, name] = kind.endsWith('*') ? [this.#prefixes, kind.slice(0, -1)] : [this.#kinds, kind];
        const branch = branches.get(name) ?? new Branch<R>();
        branches.set(name, branch);
        const entry: Entry<R> = { member, pattern, condition, nodes, leave: () => undefined };
        const leave = branch.add(entry);
        entry.leave = () => {
          leave();
          if (branch.isEmpty) branches.delete(name);
        };
        return entry;
      }),
    );
    this.#entries.set(member, entries);
  }

  remove(member: R): void {
    for (const entry of this.#entries.get(member) ?? []) {
      entry.leave();
      for (const text of entry.nodes) this.#release(text);
    }
    this.#entries.delete(member);
  }

  /** The rules of which at least one pattern matches, in no order. */
  match(event: EventScope): readonly Match<R>[] {
    this.#events += 1;
    const found = new Map<R, Set<number>>();
    const visit = (entry: Entry<R>): void => {
      if (found.get(entry.member)?.has(entry.pattern)) return;
      if (entry.condition && !holds(entry.condition, event, this.#ask)) return;
      const patterns = found.get(entry.member);
      if (patterns) patterns.add(entry.pattern);
      else found.set(entry.member, new Set([entry.pattern]));
    };
    const { kind } = event;
    this.#kinds.get(kind)?.candidates(event, visit);
    if (this.#prefixes.size > 0) {
      for (let length = 0; length <= kind.length; length += 1) {
        this.#prefixes.get(kind.slice(0, length))?.candidates(event, visit);
      }
    }
    return [...found].map(([member, patterns]) => ({ member, patterns }));
  }

  readonly #ask = (test: Test, event: Json): boolean => {
    const node = this.#nodeOf.get(test);
    if (!node) return testHolds(test, event);
    if (node.asked !== this.#events) {
      node.answer = testHolds(node.test, event);
      node.asked = this.#events;
    }
    return node.answer;
  };

  /** The condition with its tests replaced by those that are shared. */
  #shared(condition: Condition, texts: string[]): Condition {
    if (condition.kind === 'not') return { ...condition, of: this.#shared(condition.of, texts) };
    if (condition.kind !== 'test') return { ...condition, of: condition.of.map((each) => this.#shared(each, texts)) };
    const text = JSON.stringify([condition.left, condition.op, condition.right]);
    texts.push(text);
    let node = this.#nodes.get(text);
    if (!node) {
      node = { test: condition, users: 0, asked: 0, answer: false };
      this.#nodes.set(text, node);
      this.#nodeOf.set(condition, node);
    }
    node.users += 1;
    return node.test;
  }

  #release(text: string): void {
    const node = this.#nodes.get(text);
    if (!node) return;
    node.users -= 1;
    if (node.users > 0) return;
    this.#nodes.delete(text);
    this.#nodeOf.delete(node.test);
  }
}

/** The patterns of one kind of event. */
class Branch<R> {
  readonly #equal = new Map<string, EqualityNode<R>>();
  readonly #ranges = new Map<string, RangeNode<R>>();
  readonly #rest = new Set<Entry<R>>();

  /** @returns what takes the entry out again */
  add(entry: Entry<R>): () => void {
    const tests = entry.condition ? necessary(entry.condition) : [];
    return this.#addToEqual(entry, tests) ?? this.#addToRange(entry, tests) ?? this.#addToRest(entry);
  }

  get isEmpty(): boolean {
    return this.#equal.size === 0 && this.#ranges.size === 0 && this.#rest.size === 0;
  }

  candidates(event: EventScope, visit: (entry: Entry<R>) => void): void {
    for (const { left, byValue } of this.#equal.values()) {
      const value = evaluateExpression(left, event);
      if (value === undefined || (value !== null && typeof value === 'object')) continue;
      for (const entry of byValue.get(value as Scalar) ?? []) visit(entry);
    }
    for (const { left, index } of this.#ranges.values()) {
      const value = evaluateExpression(left, event);
      if (typeof value === 'number') index.find(value, visit);
    }
    for (const entry of this.#rest) visit(entry);
  }

  /** Where the fewest others hang. */
  #addToEqual(entry: Entry<R>, tests: readonly Test[]): (() => void) | undefined {
    let least = Number.POSITIVE_INFINITY;
    let chosen: Test | undefined;
    for (const test of tests) {
      const values = equalitiesOf(test);
      if (!values) continue;
      const { byValue } = this.#equalNode(test.left);
      const others = values.reduce<number>((sum, value) => sum + (byValue.get(value)?.size ?? 0), values.length - 1);
      if (others >= least) continue;
      least = others;
      chosen = test;
    }
    const values = chosen && equalitiesOf(chosen);
    if (!chosen || !values) return undefined;
    const text = expressionText(chosen.left);
    const node = this.#equalNode(chosen.left);
    this.#equal.set(text, node);
    for (const value of values) {
      const bucket = node.byValue.get(value);
      if (bucket) bucket.add(entry);
      else node.byValue.set(value, new Set([entry]));
    }
    return () => {
      for (const value of values) {
        const bucket = node.byValue.get(value);
        bucket?.delete(entry);
        if (bucket?.size === 0) node.byValue.delete(value);
      }
      if (node.byValue.size === 0) this.#equal.delete(text);
    };
  }

  #equalNode(left: Expression): EqualityNode<R> {
    return this.#equal.get(expressionText(left)) ?? { left, byValue: new Map() };
  }

  #addToRange(entry: Entry<R>, tests: readonly Test[]): (() => void) | undefined {
    for (const test of tests) {
      const range = rangeOf(test);
      if (!range) continue;
      const interval: Interval<Entry<R>> = { ...range, entry };
      const text = expressionText(test.left);
      const node = this.#ranges.get(text) ?? { left: test.left, index: new IntervalIndex() };
      this.#ranges.set(text, node);
      node.index.add(interval);
      return () => {
        node.index.delete(interval);
        if (node.index.size === 0) this.#ranges.delete(text);
      };
    }
    return undefined;
  }

  #addToRest(entry: Entry<R>): () => void {
    this.#rest.add(entry);
    return () => this.#rest.delete(entry);
  }
}

interface EqualityNode<R> {
  readonly left: Expression;
  readonly byValue: Map<Scalar, Set<Entry<R>>>;
}

interface RangeNode<R> {
  readonly left: Expression;
  readonly index: IntervalIndex<Entry<R>>;
}

/** The tests without which a condition does not hold. */
function necessary(condition: Condition): readonly Test[] {
  if (condition.kind === 'test') return [condition];
  return condition.kind === 'all' ? condition.of.flatMap(necessary) : [];
}

function equalitiesOf({ op, right }: Test): readonly Scalar[] | undefined {
  if (op !== 'equals' && op !== 'in') return undefined;
  const values = right.flatMap((each) => (each.kind === 'constant' ? [each.value] : []));
  return values.length === right.length ? [...new Set(values)] : undefined;
}

/** The numbers of which a test can hold, and perhaps a bound more. */
function rangeOf({ op, right }: Test): { readonly low: number; readonly high: number } | undefined {
  const numbers = right.flatMap((each) =>
    each.kind === 'constant' && typeof each.value === 'number' ? [each.value] : [],
  );
  const [first, second] = numbers;
  if (first === undefined || numbers.length !== right.length) return undefined;
  if (op === 'gt' || op === 'gte') return { low: first, high: Number.POSITIVE_INFINITY };
  if (op === 'lt' || op === 'lte') return { low: Number.NEGATIVE_INFINITY, high: first };
  return op === 'between' && second !== undefined ? { low: first, high: second } : undefined;
}
