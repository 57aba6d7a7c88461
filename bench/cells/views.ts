import { atMost, type Cell } from '../lib/cell.ts';
import type { Child } from '../lib/child.ts';
import { contest, type Entrant } from '../lib/contest.ts';
import { fillInSteps, startInside } from '../lib/inside.ts';
import type { InsideAsks } from '../processes/helix-inside.ts';

const rowCounts = [1_000, 100_000, 1_000_000];
const messagesARoom = 10;
const views = [
  { setting: 'semijoin view', sql: 'SELECT * FROM joined' },
  { setting: 'query-builder view', sql: 'SELECT * FROM first' },
];

/** Whether keeping a view current costs more when its table is larger. */
export const viewsCell: Cell = {
  name: 'views',
  title: 'A commit that a view sees, by the size of its table',
  async run(bench) {
    const children: Child<InsideAsks>[] = [];
    try {
      const entrants: Entrant[] = [];
      for (const rowCount of rowCounts) {
        const { child } = await startInside(bench, 'rooms', `rooms-${rowCount}`);
        children.push(child);
        await fillInSteps(child, 'fill', rowCount);
        await child.ask('call', { reducer: 'enter', json: '[0]' });
        for (const { setting, sql } of views) {
          entrants.push({
            system: systemOf(rowCount),
            setting,
            async run(span) {
              const rowsSeen = await child.ask('subscribe', [[sql]]);
              if (rowsSeen !== messagesARoom) throw new Error(`the view has ${rowsSeen} rows, not ${messagesARoom}`);
              const run = await child.ask('touches', { ...span, near: messagesARoom, count: rowCount });
              await child.ask('unsubscribe', null);
              return run;
            },
          });
        }
      }
      entrants.sort((a, b) => a.setting.localeCompare(b.setting));
      const result = await contest(bench, entrants);
      return {
        tables: [result.table('commits')],
        bars: views.map(({ setting }) => {
          const rates = rowCounts.map((rowCount) => result.of(systemOf(rowCount), setting));
          return atMost(`${setting}, the slowest size to the fastest`, Math.max(...rates) / Math.min(...rates), 1.5);
        }),
        notes: [
          'In process. Messages in rooms of ten; the view shows one room: through a semijoin with the caller’s memberships, or by a filter of the query builder. Every other commit updates a message that the view shows, the others any message of the table.',
        ],
      };
    } finally {
      for (const child of children) await child.stop();
    }
  },
};

function systemOf(rowCount: number): string {
  return `Helix, ${rowCount.toLocaleString('en')} rows`;
}
