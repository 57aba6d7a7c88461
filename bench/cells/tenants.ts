import { atMost, type Cell } from '../lib/cell.ts';
import type { Child } from '../lib/child.ts';
import { contest, type Entrant } from '../lib/contest.ts';
import { fillInSteps, startInside } from '../lib/inside.ts';
import type { InsideAsks } from '../processes/helix-inside.ts';

const tenants = 10_000;
const itemsATenant = 10;
const subscriptionCounts = [10, 1_000, 10_000];
const writtenTenants = 10;
const system = 'Helix';

/** What others' subscriptions cost a commit that they do not see. */
export const tenantsCell: Cell = {
  name: 'tenants',
  title: 'A commit that one of many subscriptions sees, each with a constant of its own',
  async run(bench) {
    const children: Child<InsideAsks>[] = [];
    try {
      const entrants: Entrant[] = [];
      for (const subscriptionCount of subscriptionCounts) {
        const { child } = await startInside(bench, 'tenants', `tenants-${subscriptionCount}`);
        children.push(child);
        await fillInSteps(child, 'fill', tenants * itemsATenant, [itemsATenant]);
        const queries = Array.from({ length: subscriptionCount }, (_, c) => [`SELECT * FROM item WHERE tenant = ${c}`]);
        await child.ask('subscribe', queries);
        entrants.push({
          system,
          setting: settingOf(subscriptionCount),
          run: (span) => child.ask('touches', { ...span, near: 1, count: writtenTenants * itemsATenant }),
        });
      }
      const result = await contest(bench, entrants);
      const [few = 0, , many = 0] = subscriptionCounts.map((count) => result.of(system, settingOf(count)));
      return {
        tables: [result.table('commits')],
        bars: [atMost('A commit with 10,000 subscriptions to one with 10', few / many, 1.3)],
        notes: [
          'In process. 100,000 rows of 10,000 tenants; subscription c is `SELECT * FROM item WHERE tenant = c` by a client of its own. Each commit updates one row of the first ten tenants and so concerns one subscription.',
        ],
      };
    } finally {
      for (const child of children) await child.stop();
    }
  },
};

function settingOf(subscriptionCount: number): string {
  return `${subscriptionCount.toLocaleString('en')} subscriptions`;
}
