import { assert } from '../errors.ts';
import { alternativesIn, alternativesScan } from './alternatives.ts';
import type { Tuple } from './compile.ts';
import type { Plan } from './plan.ts';
import type { LiteralComparison } from './predicate.ts';
import { intervalOf } from './range.ts';
import { groupRows, type Probe, type Scan, type Source, type Visit, type WeightedRow } from './source.ts';
import { isFloat, keyOf } from './value.ts';

/** How to find the rows of one source for the rows that a tuple already has. */
export interface Access {
  /** Lower is better. */
  readonly cost: number;
  fetch(tuple: Tuple, visit: Visit): boolean;
  /** As `fetch`, with the rows as they were before the commit that is being published. */
  fetchBefore(tuple: Tuple, visit: Visit): boolean;
}

/** Where the value of one column of a key comes from. */
interface KeyPart {
  /** Whether it is the same for every tuple. */
  readonly isConstant: boolean;
  read(tuple: Tuple): Uint8Array;
}

/** Fewer rows than this are fetched without asking whether another way finds still fewer. */
const fewRows = 32;
/** How often the rows of a constant key are counted anew: a count that is a little old still chooses well. */
const fetchesPerCount = 1024;

const costs = { unique: 0, probe: 1, union: 2, hash: 3, range: 4, scan: 5 };

/** What the steps of a plan are for. */
export interface Purpose {
  /** Whether the plan's own constants may be used; false for what all plans of a template share. */
  readonly usesParams: boolean;
  /** For one evaluation only: a hash of a source without an index may be built and thrown away. */
  readonly isOnce: boolean;
}

/** The best way to the rows of `relation` once the rows of the `bound` relations are known. */
export function bestAccess(plan: Plan, relation: number, bound: ReadonlySet<number>, purpose: Purpose): Access {
  const source = plan.sources[relation];
  assert(source !== undefined, `relation ${relation} of ${plan.sources.length}`);
  const parts = equalities(plan, relation, bound, purpose.usesParams);
  const probes = bestProbes(source.probes(new Set(parts.keys())));
  if (probes.length > 0) return probeAccess(source, probes, parts);
  if (parts.size > 0 && bound.size > 0 && purpose.isOnce) return hashAccess(source, parts);
  const alternatives = alternativesIn([...(plan.local[relation] ?? []), ...(purpose.usesParams ? plan.checks : [])]);
  const union = alternatives && alternativesScan(source, alternatives);
  if (union) return scanAccess(source, union, costs.union);
  const range = purpose.usesParams
    ? rangeScan(
        source,
        plan.ranges.filter(({ column }) => column.relation === relation),
      )
    : undefined;
  return range ? scanAccess(source, range, costs.range) : scanAccess(source, (visit) => source.scan(visit), costs.scan);
}

/** A unique one, else all that are not part of another: only the values tell which of those finds fewer rows. */
function bestProbes(probes: readonly Probe[]): readonly Probe[] {
  const unique = probes.find(({ isUnique }) => isUnique);
  if (unique) return [unique];
  return probes.filter((probe, i) => {
    return !probes.some((other, j) => {
      const covers = probe.columns.every((column) => other.columns.includes(column));
      return covers && (other.columns.length > probe.columns.length || j < i);
    });
  });
}

/** The columns whose values are known, and how to get each. */
function equalities(
  plan: Plan,
  relation: number,
  bound: ReadonlySet<number>,
  usesParams: boolean,
): Map<number, KeyPart> {
  const parts = new Map<number, KeyPart>();
  for (const { left, right } of plan.edges) {
    for (const [own, other] of [
      [left, right],
      [right, left],
    ] as const) {
      if (own.relation !== relation || !bound.has(other.relation)) continue;
      const layout = (plan.sources[other.relation] as Source).layout;
      const read = (tuple: Tuple): Uint8Array => {
        const row = tuple[other.relation] as Uint8Array;
        const start = layout.columnStart(row, 0, other.column);
        return row.subarray(start, layout.columnEnd(row, start, other.column));
      };
      parts.set(own.column, { isConstant: false, read });
    }
  }
  if (!usesParams) return parts;
  for (const { column, value } of plan.params) {
    if (column.relation === relation) parts.set(column.column, { isConstant: true, read: () => value });
  }
  return parts;
}

function probeAccess(source: Source, probes: readonly Probe[], parts: ReadonlyMap<number, KeyPart>): Access {
  const ways = probes.map((probe) => new Way(probe, parts)).sort((a, b) => Number(b.isConstant) - Number(a.isConstant));
  const choose = (tuple: Tuple): Way => {
    let best = ways[0] as Way;
    if (ways.length === 1) return best;
    let fewest = best.count(tuple);
    for (let i = 1; i < ways.length && fewest >= fewRows; i++) {
      const way = ways[i] as Way;
      const count = way.count(tuple);
      if (count < fewest) {
        best = way;
        fewest = count;
      }
    }
    return best;
  };
  const [{ isUnique, columns }] = probes as [Probe];
  return {
    cost: isUnique ? costs.unique : costs.probe + 1 / columns.length,
    fetch: (tuple, visit) => {
      const { probe, key } = choose(tuple);
      return probe.fetch(key(tuple), visit);
    },
    fetchBefore: (tuple, visit) => {
      const { probe, key } = choose(tuple);
      const bytes = key(tuple);
      return probe.fetch(bytes, visit) && (source.change?.takeBackWhere(probe.columns, bytes, visit) ?? true);
    },
  };
}

/** One index that would find the rows, and how many it would find. */
class Way {
  readonly probe: Probe;
  readonly key: (tuple: Tuple) => Uint8Array;
  readonly isConstant: boolean;
  #count = 0;
  #countsLeft = 0;

  constructor(probe: Probe, parts: ReadonlyMap<number, KeyPart>) {
    const used = probe.columns.map((column) => parts.get(column) as KeyPart);
    this.probe = probe;
    this.key = keyBuilder(used);
    this.isConstant = used.every(({ isConstant }) => isConstant);
  }

  count(tuple: Tuple): number {
    if (this.#countsLeft === 0) {
      this.#count = this.probe.count(this.key(tuple));
      this.#countsLeft = this.isConstant ? fetchesPerCount : 1;
    }
    this.#countsLeft -= 1;
    return this.#count;
  }
}

/** Reads the source once into a hash by the known columns. */
function hashAccess(source: Source, parts: ReadonlyMap<number, KeyPart>): Access {
  const columns = [...parts.keys()];
  const key = keyBuilder([...parts.values()]);
  const through = (scan: Scan): ((tuple: Tuple, visit: Visit) => boolean) => {
    let hash: Map<string, WeightedRow[]> | undefined;
    return (tuple, visit) => {
      hash ??= groupRows(source.layout, columns, scan);
      for (const { row, weight } of hash.get(keyOf(key(tuple))) ?? []) if (!visit(row, weight)) return false;
      return true;
    };
  };
  return {
    cost: costs.hash,
    fetch: through((visit) => source.scan(visit)),
    fetchBefore: through((visit) => source.scan(visit) && (source.change?.takeBack(visit) ?? true)),
  };
}

function scanAccess(source: Source, scan: Scan, cost: number): Access {
  return {
    cost,
    fetch: (_tuple, visit) => scan(visit),
    fetchBefore: (_tuple, visit) => scan(visit) && (source.change?.takeBack(visit) ?? true),
  };
}

function keyBuilder(parts: readonly KeyPart[]): (tuple: Tuple) => Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only.read;
  return (tuple) => {
    const values = parts.map((part) => part.read(tuple));
    const key = new Uint8Array(values.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const value of values) {
      key.set(value, at);
      at += value.length;
    }
    return key;
  };
}

/** A scan of the part of an index that the source's own comparisons with constants leave. */
function rangeScan(source: Source, ranges: readonly LiteralComparison[]): Scan | undefined {
  for (const { column, type } of ranges) {
    if (isFloat(type)) continue;
    const { lower, upper } = intervalOf(ranges.filter((term) => term.column.column === column.column));
    const scan = source.range(column.column, lower, upper);
    if (scan !== undefined) return scan;
  }
  return undefined;
}
