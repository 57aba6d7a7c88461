import { randomUUID } from 'node:crypto';
import { tables } from '../../bindings/index.ts';
import { TestHub } from '../../limbs/testing/hub.ts';
import { atMost, type Cell } from '../lib/cell.ts';
import { percentile } from '../lib/stats.ts';

const transitionsMin = 500;
const runCount = 1000;
const stepsEach = 5;
const roundsMax = 100_000;

/** What a step of a recipe costs: from the end of one to the beginning of the next. */
export const recipes: Cell = {
  name: 'recipes',
  title: 'Recipes: from step to step, and a thousand runs at once',
  async run({ settings, say }) {
    const hub = await TestHub.open();
    try {
      const { reducers, db } = hub.owner;
      const save = (name: string, steps: object[]) =>
        reducers.saveRecipe({ tenantId: 1n, text: JSON.stringify({ name, steps }), notation: { tag: 'Json' } });
      const start = (recipe: string) =>
        reducers.startRecipe({ tenantId: 1n, recipe, payload: '{}', reference: randomUUID() });
      await new Promise<void>((resolve) => {
        hub.owner
          .subscriptionBuilder()
          .onApplied(() => resolve())
          .subscribe([tables.approvals.where((row) => row.note.eq('')), tables.runs]);
      });
      const ask = { id: 'ask', approve: 'On?' };
      await save('rounds', [{ id: 'again', loop: roundsMax, steps: [ask] }]);
      await save(
        'five',
        Array.from({ length: stepsEach }, (_, at) => ({ ...ask, id: `ask${at}` })),
      );

      const inLine: { resolve(id: bigint): void }[] = [];
      const asked: bigint[] = [];
      let onAsked = (id: bigint): void => {
        const next = inLine.shift();
        if (next) next.resolve(id);
        else asked.push(id);
      };
      db.approvals.onInsert((_, { id }) => onAsked(id));
      const nextAsked = async (): Promise<bigint> =>
        asked.shift() ?? new Promise<bigint>((resolve) => inLine.push({ resolve }));
      const decide = (approvalId: bigint) =>
        reducers.decideApproval({ approvalId, isApproved: true, note: 'on', inputs: '' });

      await start('rounds');
      let id = await nextAsked();
      const transitionsMs: number[] = [];
      const untilMs = performance.now() + settings.warmupMs + settings.measureMs * settings.rounds;
      while (transitionsMs.length < transitionsMin || performance.now() < untilMs) {
        const startMs = performance.now();
        const [, next] = await Promise.all([decide(id), nextAsked()]);
        transitionsMs.push(performance.now() - startMs);
        id = next;
      }
      say(`${transitionsMs.length} transitions`);

      let decided = 0;
      let ended = 0;
      const over = new Promise<void>((resolve) => {
        db.runs.onUpdate((_, before, { state }) => {
          if (before.state.tag !== 'Done' && state.tag === 'Done' && ++ended === runCount) resolve();
        });
      });
      onAsked = (approvalId) => {
        decided += 1;
        void decide(approvalId);
      };
      const startMs = performance.now();
      await Promise.all(Array.from({ length: runCount }, () => start('five')));
      await over;
      const seconds = (performance.now() - startMs) / 1000;
      const [p50, p99] = [percentile(transitionsMs, 50), percentile(transitionsMs, 99)];
      return {
        tables: [
          {
            columns: ['', 'p50, ms', 'p99, ms', 'transitions'],
            rows: [
              ['from the end of a step to the next one', p50.toFixed(2), p99.toFixed(2), `${transitionsMs.length}`],
            ],
          },
          {
            columns: ['runs at once', 'steps', 'seconds', 'steps a second'],
            rows: [[`${runCount}`, `${decided}`, seconds.toFixed(1), (decided / seconds).toFixed(0)]],
          },
        ],
        bars: [atMost('From step to step, durable, p50', p50, 5, ' ms')],
        rounds: 'one run',
        notes: [
          'Hub and owner are in one process, over a socket, with confirmed reads and a log on disk. A step waits for an approval: measured is from the answer until the question of the next step is seen, durably.',
          `${runCount.toLocaleString('en')} runs of ${stepsEach} steps are started together, and each question is answered as soon as it is seen.`,
        ],
      };
    } finally {
      await hub.close();
    }
  },
};
