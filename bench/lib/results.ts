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

/** The page with the newest full result of every cell: what is not measured again stays as it is there. */
export class ResultsPage {
  readonly #file: string;
  readonly #cells: readonly Cell[];
  readonly #parts = new Map<string, string>();

  constructor(file: string, cells: readonly Cell[]) {
    this.#file = file;
    this.#cells = cells;
    if (!existsSync(file)) return;
    for (const part of readFileSync(file, 'utf8').split(/^(?=## )/m)) {
      const [, cell] = /^## .*\(`([^`]+)`\)$/m.exec(part) ?? [];
      if (cell !== undefined) this.#parts.set(cell, `${part.trimEnd()}\n`);
    }
  }

  write(cell: string, result: Result): void {
    this.#parts.set(cell, cellText(cell, result));
    const parts = this.#cells.flatMap(({ name }) => this.#parts.get(name) ?? []);
    writeFileSync(this.#file, `${introduction}\n${parts.join('\n')}`);
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
    report.rounds ??
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
