import { afterAll, beforeAll, expect, it } from 'vitest';
import { bindingsOf, connect, rowsOf, subscribe, tableOf, until } from './support/client.ts';
import { TestHost } from './support/host.ts';

const module = '../../fixtures/modules/reserved';

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start();
  await host.publish('reserved', module);
});
afterAll(() => host.close());

it('[CG3] names that mean something to JavaScript or to the bindings reach the client and come back', async () => {
  const client = await connect(host, await bindingsOf(module), 'reserved');
  await subscribe(client, 'SELECT * FROM "class"', 'SELECT * FROM "tables"');
  const row = {
    ...{ id: 1, class: 'first', function: 2, constructor: 3, prototype: true, toString: 'text', tag: 'a', value: 'b' },
    await: { done: true, catch: 'nothing' },
    enum: { tag: 'Constructor', value: 7 },
    import: { rest: [{ rest: [], bytes: Uint8Array.of(1, 2) }], bytes: Uint8Array.of() },
  };
  await client.reducers['await']?.({ row });
  expect(rowsOf(client, 'class')).toEqual([row]);
  expect(await client.procedures['procedures']?.({ returnType: 'new' })).toEqual({ tag: 'New', value: 'new' });
  expect(await client.procedures['import']?.({})).toEqual({ done: true, catch: '' });

  const told: unknown[] = [];
  tableOf(client, 'tables').onInsert((_, event) => told.push(event));
  await client.reducers['tables']?.({ tables: [{ length: 1 }] });
  await until('the event has come', () => told.length === 1);
  expect(told).toEqual([{ procedures: 'told' }]);
  await client.reducers['delete']?.({ class: '', new: undefined });
});
