import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { AlgebraicTypeType } from 'spacetimedb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProductType, Type } from '../bsatn/type.ts';
import type { ModuleDef } from '../module/definition.ts';
import { bundle, describeModule } from '../module/index.ts';
import { generateTypeScript, writeBindings } from './index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Modules that together have all that a client can see, each with code that must compile against its bindings. */
const fixtures: Record<string, string> = {
  'all-types': `
    for (const row of connection.db.scalars.iter()) {
      const values: [boolean, number, bigint, string, Uint8Array] = [row.aBool, row.anF32, row.anI256, row.aString, row.someBytes];
      const text: string = row.anIdentity.toHexString() + row.aUuid.toString() + row.aTimestamp.toDate().toISOString();
      const colour: 'Red' | 'DarkGreen' | 'Blue' = row.aColour.tag;
      if (row.aShape.tag === 'Polygon') text.concat(String(row.aShape.value[0]?.x));
      void [values, colour];
    }
    for (const row of connection.db.holders.iter()) {
      const optional: string | undefined = row.optionalString;
      const many: Uint8Array[] = row.manyBytes;
      void [optional, many];
    }`,
  nested: `
    const street = { name: 'Main', houseNumber: 1 };
    const seat = { street, zipCode: '1', former: [street] };
    const contacts = [{ tag: 'Mail' as const, value: seat }, { tag: 'Phones' as const, value: ['1'] }, { tag: 'None' as const }];
    void connection.reducers.hire({ fullName: '', company: { legalName: '', seat: undefined, contacts }, contacts });
    // @ts-expect-error a field is missing
    void connection.reducers.hire({ fullName: '' });`,
  views: `
    connection.db.myNotes.onUpdate((_, before, after) => void [before.id, after.bodyText]);
    const own = bindings.tables.myNotes.where((note) => note.bodyText.eq('x'));
    connection.subscriptionBuilder().onApplied(() => {}).subscribe([own, bindings.tables.noteCounts]);
    // @ts-expect-error a private table is not there
    connection.db.secret;`,
  procedures: `
    const sum: Promise<{ total: bigint; termCount: number }> = connection.procedures.addAll({ terms: [1n] });
    const found: Promise<{ total: bigint } | undefined> = connection.procedures.findSum({ name: '' });
    const result: import('./types/procedures').AddAllResult = { total: 1n, termCount: 1 };
    void [sum, found, result, connection.procedures.doNothing({})];`,
  events: `
    connection.db.alarm.onInsert((_, alarm) => void alarm.level);
    void connection.reducers.raise({ source: '', level: 1 });
    // @ts-expect-error a scheduled reducer is not for clients
    connection.reducers.onTick;
    // @ts-expect-error neither is one of the life cycle
    connection.reducers.init;`,
  names: `
    const player = connection.db.loggedOutPlayer.player1Id.find(1n);
    const name: string | undefined = player?.snakeName ?? player?.pascalName ?? player?.httpUrl;
    void connection.reducers.setPlayer1Name({ newName: '', oldName: '' });
    void connection.reducers.givenName({ value: 1 });
    void [name, connection.db.guests.count(), player?.class.tag === 'LowLevel'];`,
  indexes: `
    const seat = connection.db.seat.id.find(1n) ?? connection.db.seat.byTicket.find('1');
    const row: number | undefined = [...connection.db.seat.byPlace.filter(['hall', 2])][0]?.rowNumber;
    void [seat, row, [...connection.db.seat.price.filter(3)]];`,
  recursive: `
    const root: import('./types').Tree | undefined = connection.db.forest.id.find(1)?.root;
    const label: string | undefined = root?.children[0]?.children[0]?.label;
    void label;`,
  'submodules/index': `
    const admin: 'Admin' | 'Guest' | undefined = connection.db['auth.account'].id.find(1n)?.role.tag;
    const owner: 'Owner' | undefined = connection.db.project.id.find(1n)?.role.tag;
    void connection.reducers['auth.signUp']({ role: { tag: 'Admin' } });
    void connection.reducers['auth.tokens.revokeToken']({ id: 1n });
    void [admin, owner, bindings.tables['auth.tokens.accessToken'], connection.procedures['auth.roleOf']({ id: 1n })];`,
  reserved: `
    const row = connection.db.class.class.find('x') ?? connection.db.class.id.find(1);
    const bytes: Uint8Array | undefined = row?.import.rest[0]?.bytes;
    const choice: 'Default' | 'New' | 'Constructor' | 'Value' | undefined = row?.enum.tag;
    void connection.reducers.delete({ class: '', new: { tag: 'New', value: '' } });
    void connection.reducers.tables({ tables: [{ length: 1 }] });
    const answer: Promise<import('./types').DbConnection> = connection.procedures.procedures({ returnType: '' });
    const settled: Promise<import('./types').Promise> = connection.procedures.import({});
    const isHot: boolean | undefined = row?.await?.done;
    void [bytes, choice, answer, settled, isHot, row?.toString.length, bindings.tables.tables, bindings.tables.reducers];`,
  empty: 'void connection.isActive;',
};
const names = Object.keys(fixtures);

/** The hooks of the frameworks over the same bindings; they are used in earnest by the test of hooks in Chromium. */
const hooks = `import { useProcedure, useReducer, useSpacetimeDB, useTable } from 'spacetimedb/react';
import * as svelte from 'spacetimedb/svelte';
import * as events from './events/index';
import * as procedures from './procedures/index';
import * as views from './views/index';
export function use(): void {
  const [notes, isReady] = useTable(views.tables.myNotes.where((note) => note.bodyText.eq('x')), {
    onUpdate: (before, after) => void [before.id, after.bodyText],
  });
  const text: string | undefined = notes[0]?.bodyText;
  useTable(events.tables.alarm, { onInsert: (alarm) => void alarm.level.toFixed() });
  const called: Promise<void> = useReducer(events.reducers.raise)({ source: '', level: 1 });
  // @ts-expect-error an argument is missing
  useReducer(events.reducers.raise)({ source: '' });
  const sum: Promise<{ total: bigint }> = useProcedure(procedures.procedures.addAll)({ terms: [1n] });
  const [rows] = svelte.useTable(views.tables.newestNote);
  rows.subscribe((list) => void list[0]?.author.toHexString());
  const raised: Promise<void> = svelte.useReducer(events.reducers.raise)({ source: '', level: 1 });
  void [text, isReady, called, sum, raised, useSpacetimeDB().isActive];
}
`;

/** Modules that other tests run, and the product's own: what users write. */
const others = [
  ...['basic', 'clockwork', 'names', 'sequences', 'sights', 'ways'].map((name) => `test/conformance/modules/${name}`),
  ...['sensor-watch', 'svelte-chat', 'react-board'].map((name) => `examples/${name}/module`),
  ...['test/fixtures/errands', 'test/fixtures/modules/ledger', 'hub/index'],
];
const all = [...names, ...others];
const fileOf = (name: string): string =>
  join(root, others.includes(name) ? `${name}.ts` : `test/fixtures/modules/${name}.ts`);

interface Bindings {
  readonly tables: Record<string, { readonly sourceName: string; readonly rowType: { readonly elements: unknown } }>;
  readonly reducers: Record<string, { readonly name: string; readonly accessorName: string }>;
  readonly procedures: Record<string, { readonly name: string }>;
}

let folder = '';
const definitions = new Map<string, ModuleDef>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'helix-codegen-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const name of all) {
    const def = await describeModule(await bundle(fileOf(name)));
    definitions.set(name, def);
    await writeBindings(join(folder, name), generateTypeScript(def));
  }
  for (const [name, use] of Object.entries(fixtures)) {
    const imports = "import * as bindings from './index';\ndeclare const connection: bindings.DbConnection;\n";
    writeFileSync(join(folder, name, 'use.ts'), `${imports}export function use(): void {${use}\n}\n`);
  }
  writeFileSync(join(folder, 'hooks.ts'), hooks);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('generated bindings', () => {
  it('[CG1] compile under the strictest options, and so does code that uses them', () => {
    const options = { types: [], noUnusedLocals: true, isolatedModules: true };
    const config = { extends: join(root, 'tsconfig.json'), compilerOptions: options, include: [...all, 'hooks.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  it.each(all)('[CG2] of %s have the same bytes for the same module', async (name) => {
    const again = await describeModule(await bundle(fileOf(name)));
    expect([...generateTypeScript(again)]).toEqual([...generateTypeScript(definition(name))]);
  });

  it.each(all)('[CG3] of %s have the wire names and, column by column, the row types of the module', async (name) => {
    const def = definition(name);
    const { tables, reducers, procedures } = await load(name);
    const relations = [...def.tables, ...def.views].filter((relation) => relation.isPublic);
    const expected = new Map(relations.map((relation) => [relation.name, shape(relation.row)]));
    const generated = Object.values(tables).map(({ sourceName, rowType }) => {
      const product = { tag: 'Product', value: rowType } as AlgebraicTypeType;
      return [sourceName, clientShape(product)] as const;
    });
    expect(new Map(generated)).toEqual(expected);
    const callable = (list: readonly { readonly name: string; readonly isCallable: boolean }[]): string[] =>
      list.filter((entry) => entry.isCallable).map((entry) => entry.name);
    expect(
      Object.values(reducers)
        .map((reducer) => reducer.name)
        .sort(),
    ).toEqual(callable(def.reducers).sort());
    expect(
      Object.values(procedures)
        .map((procedure) => procedure.name)
        .sort(),
    ).toEqual(callable(def.procedures).sort());
  });

  it('[CG4] show a client nothing of private tables', () => {
    const text = [...generateTypeScript(definition('views'))].flat().join('\n');
    expect(text).not.toMatch(/secret/i);
  });

  it('[CG5] keep the text that they have today', () => {
    for (const name of names) {
      const files = [...generateTypeScript(definition(name))].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(files.map(([path, text]) => `==> ${path}\n${text}`).join('\n')).toMatchSnapshot(name);
    }
  });
});

function definition(name: string): ModuleDef {
  const def = definitions.get(name);
  if (def === undefined) throw new Error(`there is no fixture ${name}`);
  return def;
}

async function load(name: string): Promise<Bindings> {
  const outfile = join(folder, name, 'index.mjs');
  const entryPoints = [join(folder, name, 'index.ts')];
  await build({ entryPoints, outfile, bundle: true, format: 'esm', packages: 'external', logLevel: 'silent' });
  return (await import(pathToFileURL(outfile).href)) as Bindings;
}

const depthMax = 12;

/** A type without its names, down to a depth at which every difference has shown itself. */
function shape(type: Type, depth = 0): unknown {
  if (depth > depthMax) return '…';
  if (type.kind === 'array') return [shape(type.of, depth + 1)];
  if (type.kind === 'product') return type.fields.map((field) => ['field', shape(field.type, depth + 1)]);
  if (type.kind === 'sum') return type.variants.map((variant) => ['variant', shape(variant.type, depth + 1)]);
  return type.kind;
}

function clientShape(type: AlgebraicTypeType, depth = 0): unknown {
  if (depth > depthMax) return '…';
  if (type.tag === 'Array') return [clientShape(type.value, depth + 1)];
  if (type.tag === 'Product') {
    return type.value.elements.map((field) => ['field', clientShape(field.algebraicType, depth + 1)]);
  }
  if (type.tag === 'Sum') {
    return type.value.variants.map((variant) => ['variant', clientShape(variant.algebraicType, depth + 1)]);
  }
  return type.tag.toLowerCase();
}

describe('what cannot be generated', () => {
  const product = (fields: Record<string, Type>): ProductType => ({
    kind: 'product',
    fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
  });
  const table = (name: string, row: ProductType): ModuleDef['tables'][number] => ({
    ...{ name, sourceName: name, namespace: '', row, rowTypeName: undefined, primaryKey: undefined, indexes: [] },
    ...{ uniques: [], sequences: [], defaults: [], isPublic: true, isEvent: false, schedule: undefined },
  });
  const module = (tables: ModuleDef['tables']): ModuleDef => ({
    ...{ tables, reducers: [], procedures: [], views: [], types: [], rowLevelSecurity: [] },
    ...{ httpHandlers: [], httpRoutes: [], submodules: [] },
  });

  it('[CG6] two names that become one in TypeScript are refused', () => {
    const row = product({ id: { kind: 'u8' } });
    expect(() => generateTypeScript(module([table('my_note', row), table('myNote', row)]))).toThrow(
      /my_note and myNote/,
    );
  });

  it('[CG7] a type that contains itself without having a name is refused', () => {
    const fields: { name: string; type: Type }[] = [];
    const endless: Type = { kind: 'product', fields };
    fields.push({ name: 'next', type: { kind: 'array', of: endless } });
    expect(() => generateTypeScript(module([table('node', product({ first: endless }))]))).toThrow(/contains itself/);
  });
});
