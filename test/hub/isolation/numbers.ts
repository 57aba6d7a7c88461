interface Moment {
  readonly name: string;
  readonly sight: readonly string[];
}

/** What a tenant saw, moment by moment, and the numbers that its rows had. */
export class Lives {
  readonly moments: Moment[] = [];
  /** In the order in which they came to be, table by table. */
  readonly numbers = new Map<string, Set<bigint>>();

  add(name: string, sight: readonly string[], numbers: ReadonlyMap<string, readonly bigint[]>): void {
    this.moments.push({ name, sight });
    for (const [table, ids] of numbers) {
      const known = this.numbers.get(table) ?? new Set();
      for (const id of ids) known.add(id);
      this.numbers.set(table, known);
    }
  }
}

/** Where two lives differ by more than the numbers of rows; empty for nowhere. */
export function sameButNumbers(alone: Lives, together: Lives): string {
  const pairs = new Set<string>();
  for (const [table, ids] of alone.numbers) {
    const others = [...(together.numbers.get(table) ?? [])];
    for (const [at, id] of [...ids].entries()) {
      const other = others[at];
      if (other === undefined) continue;
      // What is read ends before the first number that is not.
      for (const before of [0n, 1n]) pairs.add(`${id - before} ${other - before}`);
    }
  }
  for (const [at, { name, sight }] of alone.moments.entries()) {
    const other = together.moments[at]?.sight ?? [];
    for (let row = 0; row < Math.max(sight.length, other.length); row++) {
      const [one = '(nothing)', two = '(nothing)'] = [sight[row], other[row]];
      if (!isSame(one, two, pairs)) return `${at}, ${name}\nalone:    ${one}\ntogether: ${two}`;
    }
  }
  return '';
}

function isSame(one: string, two: string, pairs: ReadonlySet<string>): boolean {
  if (one === two) return true;
  const [ones, twos] = [one.split(/(\d+)/), two.split(/(\d+)/)];
  return (
    ones.length === twos.length &&
    ones.every((part, at) => part === twos[at] || (/^\d+$/.test(part) && pairs.has(`${part} ${twos[at]}`)))
  );
}
