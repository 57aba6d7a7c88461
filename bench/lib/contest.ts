import type { Settings } from '../settings.ts';
import type { Bench, Table } from './cell.ts';
import { median, type Run } from './stats.ts';

/** One system in one setting. */
export interface Entrant {
  readonly system: string;
  readonly setting: string;
  run(settings: Settings): Promise<Run>;
}

/** What the rounds of one entrant came to. */
export interface Standing {
  readonly entrant: Entrant;
  readonly runs: readonly Run[];
  /** Median over the rounds. */
  readonly perSecond: number;
}

/** Runs every entrant once a round, every other round in reverse order. */
export async function contest(bench: Bench, entrants: readonly Entrant[]): Promise<Contest> {
  const runs = new Map<Entrant, Run[]>(entrants.map((entrant) => [entrant, []]));
  for (let round = 0; round < bench.settings.rounds; round++) {
    for (const entrant of round % 2 === 0 ? entrants : entrants.toReversed()) {
      const run = await entrant.run(bench.settings);
      runs.get(entrant)?.push(run);
      bench.say(`round ${round + 1}: ${entrant.system}, ${entrant.setting}: ${whole(run.perSecond)}/s`);
    }
  }
  return new Contest([...runs].map(([entrant, its]) => ({ entrant, runs: its, perSecond: median(perSecond(its)) })));
}

export class Contest {
  readonly standings: readonly Standing[];

  constructor(standings: readonly Standing[]) {
    this.standings = standings;
  }

  /** Median calls a second. */
  of(system: string, setting: string): number {
    const standing = this.standings.find(({ entrant }) => entrant.system === system && entrant.setting === setting);
    return standing?.perSecond ?? Number.NaN;
  }

  table(unit: string): Table {
    return {
      columns: ['setting', 'system', `${unit}/s, median`, 'least – most', 'p50 ms', 'p99 ms'],
      rows: this.standings.map(({ entrant, runs, perSecond: middle }) => [
        entrant.setting,
        entrant.system,
        whole(middle),
        `${whole(Math.min(...perSecond(runs)))} – ${whole(Math.max(...perSecond(runs)))}`,
        millis(median(runs.map(({ p50Ms }) => p50Ms))),
        millis(median(runs.map(({ p99Ms }) => p99Ms))),
      ]),
    };
  }
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function millis(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}

function perSecond(runs: readonly Run[]): number[] {
  return runs.map((run) => run.perSecond);
}
