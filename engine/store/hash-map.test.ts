import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HashMap } from './hash-map.ts';

/** Few hashes, many of which start at the same slot, some at the last ones. */
const hash = fc.constantFrom(0, 1, 14, 15, 16, 31, -1, -2, 0x7fffffff, -0x80000000);

describe('hash map', () => {
  test('[STORE1] entries whose hashes collide are all found, through growth and removal', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ hash, handle: fc.nat({ max: 40 }) }), { maxLength: 120 }), (steps) => {
        const map = new HashMap();
        const model = new Map<number, number>();
        for (const step of steps) {
          const known = model.get(step.handle);
          if (known === undefined) {
            map.add(step.hash, step.handle);
            model.set(step.handle, step.hash);
          } else {
            map.removeAt(map.slotOf(known, step.handle));
            model.delete(step.handle);
          }
          expect(map.size).toBe(model.size);
          for (const [handle, of] of model) expect(map.handleAt(map.slotOf(of, handle))).toBe(handle);
          for (let slot = map.first(step.hash); slot >= 0; slot = map.next(step.hash, slot)) {
            expect(model.get(map.handleAt(slot))).toBe(step.hash);
          }
          if (known !== undefined) expect(map.slotOf(known, step.handle)).toBe(-1);
        }
        map.clear();
        expect(map.first(0)).toBe(-1);
      }),
    );
  });
});
