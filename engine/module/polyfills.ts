/**
 * What modules may use of newer JavaScript than Node 20's, as source text: it runs inside a module's realm before
 * anything else and defines only what is missing.
 */
export const polyfillSource = `
(() => {
  'use strict';
  const define = (target, methods) => {
    for (const [name, value] of Object.entries(methods)) {
      if (!(name in target)) Object.defineProperty(target, name, { value, writable: true, configurable: true });
    }
  };

  for (const name of ['dispose', 'asyncDispose']) {
    if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol('Symbol.' + name) });
  }

  define(Set.prototype, {
    union(other) { return new Set([...this, ...other.keys()]); },
    intersection(other) { return new Set([...this].filter((item) => other.has(item))); },
    difference(other) { return new Set([...this].filter((item) => !other.has(item))); },
    symmetricDifference(other) {
      const result = new Set(this);
      for (const item of other.keys()) this.has(item) ? result.delete(item) : result.add(item);
      return result;
    },
    isSubsetOf(other) {
      if (this.size > other.size) return false;
      for (const item of this) if (!other.has(item)) return false;
      return true;
    },
    isSupersetOf(other) {
      if (this.size < other.size) return false;
      for (const item of other.keys()) if (!this.has(item)) return false;
      return true;
    },
    isDisjointFrom(other) {
      for (const item of this) if (other.has(item)) return false;
      return true;
    },
  });

  define(Object, {
    groupBy(items, key) {
      const groups = Object.create(null);
      let index = 0;
      for (const item of items) (groups[key(item, index++)] ??= []).push(item);
      return groups;
    },
  });
  define(Map, {
    groupBy(items, key) {
      const groups = new Map();
      let index = 0;
      for (const item of items) {
        const group = key(item, index++);
        if (groups.has(group)) groups.get(group).push(item);
        else groups.set(group, [item]);
      }
      return groups;
    },
  });

  const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([].values()));
  const count = (value) => {
    const number = Math.trunc(Number(value));
    if (!(number >= 0)) throw new RangeError(value + ' must be a number of items, 0 or more');
    return number;
  };
  define(iteratorPrototype, {
    *map(fn) { let index = 0; for (const item of this) yield fn(item, index++); },
    *filter(fn) { let index = 0; for (const item of this) if (fn(item, index++)) yield item; },
    *flatMap(fn) { let index = 0; for (const item of this) yield* fn(item, index++); },
    take(limit) {
      let left = count(limit);
      const source = this;
      return (function* () {
        if (left === 0) return;
        for (const item of source) {
          yield item;
          if (--left === 0) return;
        }
      })();
    },
    drop(limit) {
      let left = count(limit);
      const source = this;
      return (function* () { for (const item of source) if (left > 0) left--; else yield item; })();
    },
    reduce(fn, ...initial) {
      let empty = initial.length === 0;
      let result = initial[0];
      let index = 0;
      for (const item of this) {
        result = empty ? item : fn(result, item, index);
        empty = false;
        index++;
      }
      if (empty) throw new TypeError('reduce of an empty iterator needs an initial value');
      return result;
    },
    toArray() { return [...this]; },
    forEach(fn) { let index = 0; for (const item of this) fn(item, index++); },
    some(fn) { let index = 0; for (const item of this) if (fn(item, index++)) return true; return false; },
    every(fn) { let index = 0; for (const item of this) if (!fn(item, index++)) return false; return true; },
    find(fn) { let index = 0; for (const item of this) if (fn(item, index++)) return item; },
  });
})();
`;
