/** One end of an interval over points of type `P`. */
export type End<P> = { readonly kind: 'included' | 'excluded'; readonly value: P } | { readonly kind: 'unbounded' };

export interface Interval<P> {
  readonly lower: End<P>;
  readonly upper: End<P>;
}

/**
 * Things kept by interval, so that those whose interval holds a point are found without meeting the others: a search
 * tree by lower end in which each node knows the highest upper end beneath it. Random priorities keep it flat.
 */
export class Intervals<P, T> {
  readonly #compare: (a: P, b: P) => number;
  #root: Node<P, T> | undefined;
  #random = 0x9e3779b9;

  constructor(compare: (a: P, b: P) => number) {
    this.#compare = compare;
  }

  get isEmpty(): boolean {
    return this.#root === undefined;
  }

  add(interval: Interval<P>, item: T): void {
    const known = this.#find(interval);
    if (known !== undefined) {
      known.items.add(item);
      return;
    }
    const [before, after] = this.#split(this.#root, interval);
    const node: Node<P, T> = {
      interval,
      items: new Set([item]),
      priority: this.#nextPriority(),
      left: undefined,
      right: undefined,
      highest: interval.upper,
    };
    this.#root = this.#merge(this.#merge(before, node), after);
  }

  remove(interval: Interval<P>, item: T): void {
    const node = this.#find(interval);
    node?.items.delete(item);
    if (node?.items.size === 0) this.#root = this.#without(this.#root, node);
  }

  /** Visits what has `point` in its interval. @returns false when `visit` stopped it */
  at(point: P, visit: (item: T) => boolean): boolean {
    return this.#visit(this.#root, point, visit);
  }

  #visit(node: Node<P, T> | undefined, point: P, visit: (item: T) => boolean): boolean {
    if (node === undefined || !this.#isBelow(point, node.highest)) return true;
    if (!this.#visit(node.left, point, visit)) return false;
    if (!this.#isAbove(point, node.interval.lower)) return true;
    if (this.#isBelow(point, node.interval.upper)) for (const item of node.items) if (!visit(item)) return false;
    return this.#visit(node.right, point, visit);
  }

  #isAbove(point: P, lower: End<P>): boolean {
    if (lower.kind === 'unbounded') return true;
    const order = this.#compare(point, lower.value);
    return order > 0 || (order === 0 && lower.kind === 'included');
  }

  #isBelow(point: P, upper: End<P>): boolean {
    if (upper.kind === 'unbounded') return true;
    const order = this.#compare(point, upper.value);
    return order < 0 || (order === 0 && upper.kind === 'included');
  }

  #find(interval: Interval<P>): Node<P, T> | undefined {
    let node = this.#root;
    while (node !== undefined) {
      const order = this.#order(interval, node.interval);
      if (order === 0) return node;
      node = order < 0 ? node.left : node.right;
    }
    return undefined;
  }

  #order(a: Interval<P>, b: Interval<P>): number {
    return this.#orderOfEnds(a.lower, b.lower, -1) || this.#orderOfEnds(a.upper, b.upper, 1);
  }

  /** @param outward -1 for lower ends, 1 for upper ones: where an unbounded end lies, and an included one beside an excluded one */
  #orderOfEnds(a: End<P>, b: End<P>, outward: -1 | 1): number {
    if (a.kind === 'unbounded' || b.kind === 'unbounded') {
      return outward * (Number(a.kind === 'unbounded') - Number(b.kind === 'unbounded'));
    }
    return this.#compare(a.value, b.value) || outward * (Number(a.kind === 'included') - Number(b.kind === 'included'));
  }

  /** The nodes before `at` and those after it; none is equal to it. */
  #split(node: Node<P, T> | undefined, at: Interval<P>): [Node<P, T> | undefined, Node<P, T> | undefined] {
    if (node === undefined) return [undefined, undefined];
    if (this.#order(node.interval, at) < 0) {
      const [before, after] = this.#split(node.right, at);
      node.right = before;
      this.#refresh(node);
      return [node, after];
    }
    const [before, after] = this.#split(node.left, at);
    node.left = after;
    this.#refresh(node);
    return [before, node];
  }

  #merge(before: Node<P, T> | undefined, after: Node<P, T> | undefined): Node<P, T> | undefined {
    if (before === undefined || after === undefined) return before ?? after;
    if (before.priority > after.priority) {
      before.right = this.#merge(before.right, after);
      this.#refresh(before);
      return before;
    }
    after.left = this.#merge(before, after.left);
    this.#refresh(after);
    return after;
  }

  #without(node: Node<P, T> | undefined, gone: Node<P, T>): Node<P, T> | undefined {
    if (node === undefined || node === gone) return node && this.#merge(node.left, node.right);
    if (this.#order(gone.interval, node.interval) < 0) node.left = this.#without(node.left, gone);
    else node.right = this.#without(node.right, gone);
    this.#refresh(node);
    return node;
  }

  #refresh(node: Node<P, T>): void {
    let highest = node.interval.upper;
    for (const child of [node.left, node.right]) {
      if (child !== undefined && this.#orderOfEnds(child.highest, highest, 1) > 0) highest = child.highest;
    }
    node.highest = highest;
  }

  /** Xorshift: the same adds and removes build the same tree. */
  #nextPriority(): number {
    let next = this.#random;
    next ^= next << 13;
    next ^= next >>> 17;
    next ^= next << 5;
    this.#random = next;
    return next >>> 0;
  }
}

interface Node<P, T> {
  readonly interval: Interval<P>;
  readonly items: Set<T>;
  readonly priority: number;
  left: Node<P, T> | undefined;
  right: Node<P, T> | undefined;
  /** The highest upper end of this node and those beneath it. */
  highest: End<P>;
}
