import { Logger, run } from 'graphile-worker';
import pg from 'pg';
import { answer } from '../lib/answer.ts';
import { TaskFlow } from '../lib/task-flow.ts';

// Graphile Worker with workers that do nothing, and who submits, in one process.

const submitConnections = 10;
const silent = new Logger(() => () => {});
const add = { name: 'add', text: "SELECT graphile_worker.add_job('bench', $1)" };

let submitters;
const runners = [];
const flow = new TaskFlow((key) => submitters.query({ ...add, values: [JSON.stringify({ key })] }));

answer(
  {
    async connect({ socketFolder, workers, slots }) {
      const connection = { host: socketFolder, user: 'postgres', database: 'postgres' };
      submitters = new pg.Pool({ ...connection, max: submitConnections });
      for (let i = 0; i < workers; i++) {
        const runner = await run({
          pgPool: new pg.Pool({ ...connection, max: slots + 1 }),
          concurrency: slots,
          logger: silent,
          noHandleSignals: true,
          taskList: { bench: ({ key }) => flow.claimed(key) },
        });
        runner.events.on('job:complete', ({ job }) => flow.done(job.payload.key));
        runners.push(runner);
      }
    },
    throughput: flow.throughput,
    latency: flow.latency,
  },
  () => Promise.all(runners.map((runner) => runner.stop())),
);
