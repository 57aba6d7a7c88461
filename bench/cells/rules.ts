import { createTestHub, type TestHub } from '../../engine/testing/index.ts';
import { atMost, type Cell } from '../lib/cell.ts';
import { median } from '../lib/stats.ts';

type MeshModule = typeof import('../../hub/index.ts');

const hubModule = new URL('../../hub/index.ts', import.meta.url);
const sizes = [0, 10, 1000, 10_000] as const;
const kinds = 50;
/** Calls between two looks at the clock. */
const batch = 50;

/** What active rules add to the cost of an event that few of them match. */
export const rulesCell: Cell = {
  name: 'rules',
  title: 'An event goes through active rules, of which few match',
  async run({ settings, say }) {
    const hubs = new Map<number, TestHub<MeshModule>>();
    for (const size of sizes) {
      say(`activating ${size} rules`);
      hubs.set(size, await hubWith(size));
    }
    const rounds = new Map<number, number[]>(sizes.map((size) => [size, []]));
    const next = events();
    for (let round = -1; round < settings.rounds; round++) {
      for (const size of round % 2 === 0 ? sizes : sizes.toReversed()) {
        const hub = hubs.get(size);
        if (!hub) continue;
        const micros = measure(hub, next, round < 0 ? settings.warmupMs : settings.measureMs);
        if (round < 0) continue;
        rounds.get(size)?.push(micros);
        say(`round ${round + 1}: ${size} rules: ${micros.toFixed(1)} µs an event`);
      }
    }
    const middle = (size: number) => median(rounds.get(size) ?? []);
    const added = (size: number) => middle(size) - middle(0);
    const micros = (value: number) => value.toFixed(1);
    return {
      tables: [
        {
          columns: [
            'active rules',
            'µs an event, median',
            'least – most',
            'added by the rules, µs',
            'firings an event',
          ],
          rows: sizes.map((size) => {
            const its = rounds.get(size) ?? [];
            const hub = hubs.get(size);
            const fired = hub?.rows('firingLog')[0]?.tail ?? 1n;
            const emitted = hub?.rows('eventLog')[0]?.tail ?? 1n;
            return [
              size.toLocaleString('en'),
              micros(middle(size)),
              `${micros(Math.min(...its))} – ${micros(Math.max(...its))}`,
              size === 0 ? '' : micros(added(size)),
              (Number(fired - 1n) / Number(emitted)).toFixed(3),
            ];
          }),
        },
      ],
      bars: [
        atMost('10,000 active rules, added to an event', added(10_000), 100, ' µs'),
        atMost('An event with 10,000 rules to one with 1,000', middle(10_000) / middle(1000), 2),
      ],
      notes: [
        'Calls of `emit` straight into the hub’s module, one after the other, in process and on a disk in memory; the cost of an event without any rule is taken off. It has whatever a firing does: its row, its count, its notification.',
        `Rules are of ${kinds} kinds of events. Of each three, one asks for one device, one for a range of a number, and one for one of two customers and a text in the subject.`,
      ],
    };
  },
};

async function hubWith(size: number): Promise<TestHub<MeshModule>> {
  const hub = await createTestHub<MeshModule>(hubModule, { callMsMax: Number.POSITIVE_INFINITY });
  for (let rule = 0; rule < size; rule++) {
    hub.call(hub.owner, 'saveRule', { tenantId: 1n, text: JSON.stringify(ruleText(rule, size)) });
  }
  for (const { id } of hub.rows('rule')) hub.call(hub.owner, 'activateRule', { ruleId: id, version: 0 });
  return hub;
}

function ruleText(rule: number, size: number): object {
  const low = (rule / size) * 1_000_000;
  const conditions = [
    { 'payload.device': `device-${rule}`, 'payload.value': { gt: 500_000 } },
    { 'payload.value': { between: [low, low + 1_000_000 / size] }, 'payload.level': { notEquals: 'debug' } },
    { 'payload.customer': { in: [`customer-${rule}`, `customer-${rule + 1}`] }, subject: { contains: 'order' } },
  ];
  return {
    name: `rule ${rule}`,
    on: `kind.${Math.floor(rule / 3) % kinds}`,
    when: conditions[rule % 3],
    // biome-ignore lint/suspicious/noThenProperty: a word of the language, and never awaited
    then: [{ notify: { title: 'Rule {{rule.name}}: {{event.payload.value}}' } }],
  };
}

/** Events that every hub gets alike. */
function events(): (number: number) => { readonly kind: string; readonly subject: string; readonly payload: string } {
  return (number) => {
    const mixed = Math.imul(number + 1, 2_654_435_761) >>> 0;
    const payload = {
      device: `device-${mixed % 10_000}`,
      customer: `customer-${(mixed >>> 8) % 10_000}`,
      value: mixed % 1_000_000,
      level: 'info',
      text: 'x'.repeat(200),
    };
    return { kind: `kind.${mixed % kinds}`, subject: `order ${number}`, payload: JSON.stringify(payload) };
  };
}

/** @returns how long an event takes, in microseconds, on average */
function measure(hub: TestHub<MeshModule>, next: ReturnType<typeof events>, forMs: number): number {
  const startMs = performance.now();
  let done = 0;
  let takenMs = 0;
  while (takenMs < forMs) {
    for (let each = 0; each < batch; each++) {
      const event = { tenantId: 1n, source: 'bench', dedupeKey: '', dedupeMs: 0, ...next(done + each) };
      hub.call(hub.owner, 'emit', event);
    }
    done += batch;
    takenMs = performance.now() - startMs;
  }
  return (takenMs * 1000) / done;
}
