import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Cell, Report, Table } from './cell.ts';

/** A cell's report with the circumstances that it was measured in. */
export interface Result {
  readonly title: string;
  readonly date: string;
  readonly machine: readonly string[];
  /** Before the cell began. */
  readonly loadAverage: string;
  readonly rounds: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly report: Report;
}

/** The newest full result of every cell, kept as data so that one cell can be measured again by itself. */
export class Results {
  readonly #file: string;
  readonly #results: Record<string, Result>;

  constructor(file: string) {
    this.#file = file;
    this.#results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  }

  set(cell: string, result: Result): void {
    this.#results[cell] = result;
    writeFileSync(this.#file, `${JSON.stringify(this.#results, undefined, 2)}\n`);
  }

  /** Everything as a page, in the order of `cells`. */
  page(cells: readonly Cell[]): string {
    const parts = cells.flatMap(({ name }) => {
      const result = this.#results[name];
      return result ? [cellText(name, result)] : [];
    });
    return `${introduction}\n${parts.join('\n')}`;
  }
}

const introduction = `# Benchmark results

Written by \`npm run bench\`; do not edit. Every process runs on one machine, over loopback only. Each system of a cell is
run once a round, in alternating order; a figure is the median of the rounds. Bars are goals, not promises. Figures of
other machines cannot be compared with these, ratios inside one cell can. What the time goes into: [NOTES.md](NOTES.md).
`;

export function cellText(name: string, result: Result): string {
  const { report } = result;
  const circumstances = [
    ...result.machine,
    `${result.date}, load average before it ${result.loadAverage}`,
    `rounds ${result.rounds}, each ${result.warmupMs} ms of warm-up and ${result.measureMs} ms measured`,
  ];
  const bars: Table = {
    columns: ['bar', 'measured', ''],
    rows: report.bars.map(({ goal, measured, isMet }) => [goal, measured, isMet ? 'met' : 'missed']),
  };
  const notes = [...report.notes, ...circumstances].map((note) => `* ${note}`).join('\n');
  return `## ${result.title} (\`${name}\`)\n\n${[...report.tables, bars].map(tableText).join('\n\n')}\n\n${notes}\n`;
}

function tableText({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
