import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systems } from '../lib/banks.ts';
import { atLeast, atMost, type Bar, type Bench, type Cell } from '../lib/cell.ts';
import { Child } from '../lib/child.ts';
import { type Contest, contest, type Entrant } from '../lib/contest.ts';
import { startPostgres, whyNoPostgres } from '../lib/postgres.ts';
import { median } from '../lib/stats.ts';
import type { TaskAsks } from '../lib/task-flow.ts';
import type { HelixAsks } from '../processes/helix.ts';
import type { TaskLoadAsks } from '../processes/task-load.ts';

interface JobsAsks extends TaskAsks {
  connect(argument: { readonly socketFolder: string; readonly workers: number; readonly slots: number }): void;
}

const limbs = 4;
const slots = 10;
const underWay = 200;
const pacePerSecond = 300;
const graphile = 'Graphile Worker';
const throughput = `${underWay} under way`;
const latency = `${pacePerSecond} a second, submit to claim`;
const hubModule = fileURLToPath(new URL('../../hub/index.ts', import.meta.url));

/** The mesh's own tasks against a job queue. */
export const tasks: Cell = {
  name: 'tasks',
  title: 'Tasks: submit, claim, complete',
  async run(bench) {
    const noPostgres = whyNoPostgres();
    const stops: (() => Promise<void>)[] = [];
    try {
      const queues: Queue[] = [{ system: systems.helix, load: await startMesh(bench, stops) }];
      if (!noPostgres) queues.push({ system: graphile, load: await startGraphile(bench, stops) });
      const byThroughput = await contest(
        bench,
        queues.map((queue) => throughputOf(queue)),
      );
      const byLatency = await contest(
        bench,
        queues.map((queue) => latencyOf(queue)),
      );
      return {
        tables: [byThroughput.table('tasks'), byLatency.table('tasks')],
        bars: barsOf(byThroughput, byLatency, !noPostgres),
        notes: [
          `${limbs} limbs or workers of ${slots} slots each and one submitter, in one process; a task does nothing. Durable, one by one: no batches.`,
          'Helix: the mesh’s own module; official clients, confirmed reads. A task is submitted, offered to the limbs’ views, claimed, seen as a lease with its input, and completed with a summary; done is when the completion is confirmed. Nothing is deleted.',
          noPostgres
            ? `Graphile Worker: skipped: ${noPostgres}.`
            : 'Graphile Worker: PostgreSQL with default settings over a Unix socket, add_job through prepared statements; claimed is when the task’s function is called, done is `job:complete`.',
        ],
      };
    } finally {
      for (const stop of stops.toReversed()) await stop();
    }
  },
};

interface Queue {
  readonly system: string;
  readonly load: Pick<Child<TaskAsks>, 'ask'>;
}

async function startMesh(bench: Bench, stops: (() => Promise<void>)[]): Promise<Queue['load']> {
  const server = new Child<HelixAsks>('helix', bench.nodeOptions);
  stops.push(() => server.stop());
  const load = new Child<TaskLoadAsks>('task-load');
  stops.push(() => load.stop());
  const url = await server.ask('start', { module: hubModule, name: 'helix', data: join(bench.folder, 'mesh') });
  const token = (await server.ask('operatorToken', null)) ?? '';
  await load.ask('connect', { url, token, limbs, slots });
  return load as unknown as Child<TaskAsks>;
}

async function startGraphile(bench: Bench, stops: (() => Promise<void>)[]): Promise<Queue['load']> {
  const home = join(bench.folder, 'jobs-postgres');
  mkdirSync(home);
  const postgres = await startPostgres(home);
  stops.push(() => postgres.stop());
  const load = new Child<JobsAsks>('jobs');
  stops.push(() => load.stop());
  await load.ask('connect', { socketFolder: postgres.socketFolder, workers: limbs, slots });
  return load as unknown as Child<TaskAsks>;
}

function throughputOf({ system, load }: Queue): Entrant {
  const run: Entrant['run'] = ({ warmupMs, measureMs }) => load.ask('throughput', { warmupMs, measureMs, underWay });
  return { system, setting: throughput, run };
}

function latencyOf({ system, load }: Queue): Entrant {
  const run: Entrant['run'] = ({ warmupMs, measureMs }) =>
    load.ask('latency', { warmupMs, measureMs, perSecond: pacePerSecond });
  return { system, setting: latency, run };
}

function barsOf(byThroughput: Contest, byLatency: Contest, hasGraphile: boolean): Bar[] {
  const runs = byLatency.standings.find(({ entrant }) => entrant.system === systems.helix)?.runs ?? [];
  const bars = [
    atMost('Submit to claim, p50', median(runs.map(({ p50Ms }) => p50Ms)), 3, ' ms'),
    atMost('Submit to claim, p99', median(runs.map(({ p99Ms }) => p99Ms)), 15, ' ms'),
  ];
  if (!hasGraphile) return bars;
  const ratio = byThroughput.of(systems.helix, throughput) / byThroughput.of(graphile, throughput);
  return [atLeast(`Helix to ${graphile}, tasks a second`, ratio, 5), ...bars];
}
