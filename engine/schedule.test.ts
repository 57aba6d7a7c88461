import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextTick, Schedule } from './schedule.ts';
import type { TableId } from './store/definition.ts';

const table = 1 as TableId;

describe('Schedule', () => {
  it('[SC1] gives what is due, earliest first and of one moment in the order of coming, as a plain list does', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), key: fc.integer({ min: 0, max: 9 }), due: fc.nat(5) }),
      fc.record({ kind: fc.constant('cancel' as const), key: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ kind: fc.constant('take' as const), now: fc.nat(6) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const schedule = new Schedule();
        const model = new Map<string, number>();
        // What is added again comes last of its moment.
        const first = () => [...model].reduce((a, b) => (b[1] < a[1] ? b : a));
        for (const each of steps) {
          if (each.kind === 'add') {
            schedule.add({ table, key: `${each.key}`, dueMicros: BigInt(each.due), intervalMicros: undefined });
            model.delete(`${each.key}`);
            model.set(`${each.key}`, each.due);
          } else if (each.kind === 'cancel') {
            schedule.cancel(table, `${each.key}`);
            model.delete(`${each.key}`);
          } else {
            const taken = schedule.takeDue(BigInt(each.now));
            const earliest = Math.min(...model.values());
            if (earliest > each.now) expect(taken).toBeUndefined();
            else {
              expect(taken?.dueMicros).toBe(BigInt(earliest));
              expect(taken?.key).toBe(first()[0]);
              model.delete(taken?.key ?? '');
            }
          }
          const next = model.size === 0 ? undefined : BigInt(Math.min(...model.values()));
          expect(schedule.nextDueMicros()).toBe(next);
        }
      }),
    );
  });

  it('[SC4] what is moved or cancelled long before its time is not kept', () => {
    const schedule = new Schedule();
    for (let i = 0; i < 10_000; i++) {
      schedule.add({ table, key: `${i % 10}`, dueMicros: BigInt(1_000_000 - i), intervalMicros: undefined });
      schedule.add({ table, key: `cancelled ${i}`, dueMicros: BigInt(i), intervalMicros: undefined });
      schedule.cancel(table, `cancelled ${i}`);
      expect(schedule.size).toBeLessThan(100);
    }
    expect(schedule.nextDueMicros()).toBe(990_001n);
  });
});

describe('nextTick', () => {
  it('[SC2] an interval stays on its grid and skips the ticks that were missed', () => {
    expect(nextTick(100n, 10n, 100n)).toBe(110n);
    expect(nextTick(100n, 10n, 104n)).toBe(110n);
    expect(nextTick(100n, 10n, 135n)).toBe(140n);
    expect(nextTick(100n, 10n, 90n)).toBe(110n);
  });
});
