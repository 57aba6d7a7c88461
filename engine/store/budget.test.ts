import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layoutOf } from '../bsatn/layout.ts';
import { MemoryBudget } from './budget.ts';
import type { IndexId, TableDef, TableId } from './definition.ts';
import type { StoreRejection } from './rejection.ts';
import { Store } from './store.ts';

const id = 1 as TableId;
const key = 1 as IndexId;
const def: TableDef = {
  id,
  name: 'note',
  row: {
    kind: 'product',
    fields: [
      { name: 'id', type: { kind: 'u32' } },
      { name: 'text', type: { kind: 'string' } },
    ],
  },
  primaryKey: 0,
  indexes: [{ id: key, name: 'note_id', algorithm: 'hash', columns: [0], isUnique: true }],
  sequences: [],
  isEvent: false,
};

function row(id: number, textBytes: number): Uint8Array {
  const bytes = Buffer.alloc(8 + textBytes, 'x');
  bytes.writeUInt32LE(id);
  bytes.writeUInt32LE(textBytes, 4);
  layoutOf(def.row).check(bytes);
  return bytes;
}

function storeOf(bytesMax: number): { store: Store; budget: MemoryBudget } {
  const budget = new MemoryBudget(bytesMax);
  const store = new Store(budget);
  store.createTable(def);
  return { store, budget };
}

const step = fc.record({
  act: fc.constantFrom('insert', 'update', 'delete'),
  id: fc.nat({ max: 9 }),
  bytes: fc.nat({ max: 300 }),
});

describe('memory budget', () => {
  test('[MEM1] a transaction that leaves rows larger than the bound is refused, and what is counted is what can be seen', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(step, { maxLength: 12 }), fc.boolean()), { maxLength: 12 }),
        fc.integer({ min: 100, max: 2000 }),
        (transactions, bytesMax) => {
          const { store, budget } = storeOf(bytesMax);
          for (const [steps, isKept] of transactions) {
            const before = budget.usedBytes;
            const tx = store.begin();
            for (const { act, id: rowId, bytes } of steps) {
              try {
                if (act === 'insert') tx.insert(id, row(rowId, bytes));
                else if (act === 'update') tx.update(id, key, row(rowId, bytes));
                else tx.delete(id, store.table(id).point(key, row(rowId, 0).subarray(0, 4)));
              } catch (error) {
                expect(error).toMatchObject({ code: expect.stringMatching(/^(unique|no-such-row)$/) });
              }
            }
            const after = budget.usedBytes;
            const isRefused = after > before && after > bytesMax;
            let code: unknown;
            try {
              store.requireMemory();
            } catch (error) {
              code = (error as StoreRejection).code;
            }
            expect(code).toBe(isRefused ? 'memory-full' : undefined);
            if (isKept && !isRefused) tx.commit();
            else tx.rollback();
            expect(budget.usedBytes).toBe(isKept && !isRefused ? after : before);
          }
          const reader = store.table(id);
          const counted = reader.scan().reduce((sum, handle) => sum + reader.rowLength(handle) + 60, 0);
          expect(budget.usedBytes).toBe(counted);
        },
      ),
    );
  });

  test('[MEM1] a transaction that grows without end is stopped on its way', () => {
    const { store, budget } = storeOf(100_000);
    const tx = store.begin();
    const grow = () => {
      for (let i = 0; i < 100; i++) tx.insert(id, row(i, 100_000));
    };
    expect(grow).toThrow('the memory of the hub is full');
    expect(budget.usedBytes).toBeLessThan(2_000_000);
    tx.rollback();
    expect(budget.usedBytes).toBe(0);
  });

  test('[MEM1] stores share a bound, and one that is closed takes nothing', () => {
    const { store, budget } = storeOf(1000);
    const other = new Store(budget);
    other.createTable(def);
    const tx = store.begin();
    tx.insert(id, row(1, 600));
    tx.commit();
    const second = other.begin();
    second.insert(id, row(1, 600));
    expect(() => other.requireMemory()).toThrow('with this, rows take 1336 bytes, and may take 1000');
    store.close();
    other.requireMemory();
    second.commit();
    expect(budget.usedBytes).toBe(668);
  });
});
