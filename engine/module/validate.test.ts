import { expect, test } from 'vitest';
import { describe } from './describe.ts';
import type { RawElement, RawModule, RawTable, RawType } from './raw.ts';
import { PublishRejection } from './rejection.ts';

const u64: RawType = { kind: 'u64' };
const text: RawType = { kind: 'string' };
const unit: RawType = { kind: 'product', elements: [] };
const wrapper = (name: string): RawType => ({ kind: 'product', elements: [{ name, type: { kind: 'i64' } }] });
const scheduleAt: RawType = {
  kind: 'sum',
  elements: [
    { name: 'Interval', type: wrapper('__time_duration_micros__') },
    { name: 'Time', type: wrapper('__timestamp_micros_since_unix_epoch__') },
  ],
};

const module = (changes: Partial<RawModule> = {}): RawModule => ({
  typespace: [product({ id: u64, name: text, at: scheduleAt })],
  ...{ types: [], tables: [], reducers: [], procedures: [], views: [], schedules: [], lifecycles: [] },
  ...{ rowLevelSecurity: [], casePolicy: 'snake', explicitNames: [], httpHandlers: [], httpRoutes: [] },
  ...{ viewPrimaryKeys: [], submodules: [] },
  ...changes,
});

function product(fields: Record<string, RawType>): RawType {
  return { kind: 'product', elements: elements(fields) };
}

function elements(fields: Record<string, RawType>): RawElement[] {
  return Object.entries(fields).map(([name, type]) => ({ name, type }));
}

const table = (changes: Partial<RawTable> = {}): RawTable => ({
  ...{ name: 'thing', rowRef: 0, primaryKey: [], indexes: [], uniques: [], sequences: [] },
  ...{ isSystem: false, isPublic: true, defaults: [], isEvent: false },
  ...changes,
});

const index = (columns: number[], algorithm: 'btree' | 'hash' | 'direct' = 'btree') => ({
  ...{ name: undefined, accessor: 'x', columns, algorithm },
});

const key: Partial<RawTable> = {
  primaryKey: [0],
  indexes: [index([0])],
  uniques: [{ name: undefined, columns: [0] }],
};

const sequence = (column: number) => ({
  ...{ name: undefined, column, start: undefined, min: undefined, max: undefined, increment: 1n },
});

const reducer = (name: string, params: Record<string, RawType> = {}) => ({
  ...{ name, params: elements(params), isClientCallable: true, ok: unit, err: text },
});

const view = (name: string, returns: RawType) => ({
  ...{ name, index: 0, isPublic: true, isAnonymous: true, params: [], returns },
});

const schedule = { name: undefined, table: 'thing', column: 2, function: 'run' };

const cases: [why: string, module: RawModule, problem: string][] = [
  ['a name that is no identifier', module({ tables: [table({ name: '1st' })], casePolicy: 'none' }), '`1st`'],
  ['a reserved word', module({ tables: [table({ name: 'Select' })] }), 'SQL reserves that word'],
  ['a system table’s name', module({ tables: [table({ name: 'st_x' })] }), 'belong to system tables'],
  ['a column with a reserved name', module({ tables: [table()], typespace: [product({ limit: u64 })] }), '`limit`'],
  ['two tables of one name', module({ tables: [table({ name: 'aB' }), table({ name: 'a_b' })] }), '`a_b`'],
  ['two columns of one name', module({ tables: [table()], typespace: [product({ aB: u64, a_b: u64 })] }), '`a_b`'],
  [
    'a reducer and a procedure of one name',
    module({ reducers: [reducer('go')], procedures: [{ ...reducer('go'), returns: unit }] }),
    'more than one reducer, procedure or view is named `go`',
  ],
  [
    'a table and a view of one name',
    module({ tables: [table()], views: [view('thing', { kind: 'array', of: { kind: 'ref', index: 0 } })] }),
    'more than one table or view is named `thing`',
  ],
  ['a row that is no product', module({ tables: [table()], typespace: [u64] }), 'must be a product type'],
  ['a column that is not there', module({ tables: [table({ indexes: [index([7])] })] }), 'column 7 is used'],
  ['a type that is not there', module({ tables: [table({ rowRef: 9 })] }), 'type 9 is referred to but not defined'],
  [
    'a type that contains itself',
    module({ tables: [table()], typespace: [product({ self: { kind: 'ref', index: 0 } })] }),
    'its row contains itself',
  ],
  [
    'a unique constraint without an index',
    module({ tables: [table({ uniques: [{ name: undefined, columns: [0, 1] }] })] }),
    '`id`, `name` is declared unique, which needs an index on just these columns',
  ],
  [
    'two primary keys',
    module({ tables: [table({ ...key, primaryKey: [0, 1] })] }),
    'more than one column is the primary',
  ],
  ['a primary key that is not unique', module({ tables: [table({ primaryKey: [0] })] }), 'must also be unique'],
  [
    'a direct index on text',
    module({ tables: [table({ indexes: [index([1], 'direct')] })] }),
    'the direct index on `name`',
  ],
  ['an index without columns', module({ tables: [table({ indexes: [index([])] })] }), 'has no columns'],
  ['a sequence on text', module({ tables: [table({ sequences: [sequence(1)] })] }), 'only an integer can count'],
  [
    'two sequences on one column',
    module({ tables: [table({ sequences: [sequence(0), sequence(0)] })] }),
    '`id` has more than one sequence',
  ],
  [
    'a sequence beyond its type',
    module({ tables: [table({ sequences: [{ ...sequence(0), max: 1n << 70n }] })] }),
    'must stay within 0 to 18446744073709551615',
  ],
  [
    'a default that does not decode',
    module({ tables: [table({ defaults: [{ column: 0, value: new Uint8Array(3) }] })] }),
    'the default of column `id` is not a value of it',
  ],
  [
    'a scheduled table without a u64 key',
    module({
      tables: [table()],
      schedules: [schedule],
      reducers: [reducer('run', { row: { kind: 'ref', index: 0 } })],
    }),
    'needs a primary key of type u64',
  ],
  [
    'a schedule on another column',
    module({
      tables: [table(key)],
      schedules: [{ ...schedule, column: 0 }],
      reducers: [reducer('run', { row: { kind: 'ref', index: 0 } })],
    }),
    'needs a column of type ScheduleAt',
  ],
  [
    'a scheduled function that takes something else',
    module({ tables: [table(key)], schedules: [schedule], reducers: [reducer('run', { id: u64 })] }),
    'must take just one parameter, the row of this table',
  ],
  [
    'a scheduled function that is not there',
    module({ tables: [table(key)], schedules: [schedule] }),
    'there is no reducer or procedure `run`',
  ],
  ['a schedule of no table', module({ schedules: [schedule] }), 'there is no such table'],
  [
    'a lifecycle reducer with parameters',
    module({ reducers: [reducer('go', { x: u64 })], lifecycles: [{ lifecycle: 'init', function: 'go' }] }),
    'a lifecycle reducer (init) takes no parameters',
  ],
  [
    'two reducers for one event',
    module({
      reducers: [reducer('a'), reducer('b')],
      lifecycles: [
        { lifecycle: 'init', function: 'a' },
        { lifecycle: 'init', function: 'b' },
      ],
    }),
    'more than one reducer handles it',
  ],
  [
    'a lifecycle reducer in a submodule',
    module({
      submodules: [
        {
          namespace: 'lib',
          module: module({ reducers: [reducer('a')], lifecycles: [{ lifecycle: 'init', function: 'a' }] }),
        },
      ],
    }),
    'only the module itself may have a lifecycle reducer',
  ],
  [
    'a long namespace',
    module({ submodules: [{ namespace: 'n'.repeat(64), module: module() }] }),
    'at most 63 characters, this one 64',
  ],
  ['a reducer that returns something', module({ reducers: [{ ...reducer('a'), ok: u64 }] }), 'must return nothing'],
  [
    'a view of numbers',
    module({ views: [view('v', { kind: 'array', of: u64 })] }),
    'must return an array or an option',
  ],
  [
    'a bad route',
    module({ httpHandlers: ['h'], httpRoutes: [{ handler: 'h', method: 'GET', path: '/UPPER' }] }),
    'HTTP route GET `/UPPER`',
  ],
  [
    'two handlers of one route',
    module({
      httpHandlers: ['h'],
      httpRoutes: [
        { handler: 'h', method: 'ANY', path: '/a' },
        { handler: 'h', method: 'GET', path: '/a' },
      ],
    }),
    'another route has the same method and path',
  ],
  [
    'a route to no handler',
    module({ httpRoutes: [{ handler: 'h', method: 'GET', path: '/a' }] }),
    'there is no handler `h`',
  ],
];

test.each(cases)('[MOD30] %s keeps a module from being published', (_, raw, problem) => {
  expect(() => describe(raw)).toThrow(problem);
  expect(() => describe(raw)).toThrow(PublishRejection);
});

test('[MOD30] a good module is published, and every problem of a bad one is listed', () => {
  const good = module({
    tables: [table({ ...key, sequences: [sequence(0)] })],
    schedules: [schedule],
    reducers: [reducer('run', { row: { kind: 'ref', index: 0 } })],
  });
  expect(describe(good).tables).toHaveLength(1);
  const bad = module({ tables: [table({ name: 'select' }), table({ name: 'st_x', primaryKey: [0] })] });
  const problems = ((): readonly string[] => {
    try {
      describe(bad);
      return [];
    } catch (error) {
      return (error as PublishRejection).problems;
    }
  })();
  expect(problems).toHaveLength(3);
});
