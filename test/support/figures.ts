import { appendFileSync } from 'node:fs';

/** How often what happened, by name. */
export class Figures {
  readonly #counts = new Map<string, number>();

  add(name: string, count = 1): void {
    if (count > 0) this.#counts.set(name, this.of(name) + count);
  }

  addAll(other: Figures): void {
    for (const [name, count] of other.#counts) this.add(name, count);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** `3 calls, 1 power cut`, in alphabetical order. */
  toString(): string {
    return [...this.#counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  }
}

/** Prints a line, and once more at the end of the whole run. */
export function tell(line: string): void {
  console.log(line);
  const file = process.env['HELIX_TEST_FIGURES'];
  if (file !== undefined) appendFileSync(file, `${line}\n`);
}
