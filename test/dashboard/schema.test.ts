import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsonText } from '../../engine/bsatn/satsjson-write.ts';
import { bundle } from '../../engine/module/bundle.ts';
import { loadModule } from '../../engine/module/load.ts';
import { rawModuleVersion10 } from '../../engine/module/raw-type.ts';
import { schemaVersion9 } from '../../engine/schema.ts';
import { schemaOf } from '../../web/dashboard/src/schema.ts';

const folder = new URL('../fixtures/modules/', import.meta.url).pathname;
const modules = readdirSync(folder).map((name) => (name.endsWith('.ts') ? name : `${name}/index.ts`));

describe('[DASH13] what a database consists of', () => {
  it.each(modules)('is read from the schema of %s', async (file) => {
    const { def, raw } = await loadModule(await bundle(folder + file));
    const version10 = jsonText(rawModuleVersion10, raw.subarray(1));
    const schema = schemaOf(JSON.parse(schemaVersion9(def)), JSON.parse(version10));
    const tables = def.tables.map(({ name, row, primaryKey, isPublic, isEvent }) => ({
      ...{ name, columns: row.fields.map((field) => field.name), primaryKey, isPublic, isEvent },
    }));
    const views = def.views.map(({ name, row, isPublic }) => ({
      ...{ name, columns: row.fields.map((field) => field.name), primaryKey: undefined, isPublic, isEvent: false },
    }));
    expect(
      schema.relations.map(({ name, row, primaryKey, isPublic, isEvent }) => ({
        ...{ name, columns: row.fields.map((field) => field.name), primaryKey, isPublic, isEvent },
      })),
    ).toEqual([...tables, ...views]);
    expect(schema.callables.map(({ name, params, closed }) => [name, params.length, closed === ''])).toEqual(
      [...def.reducers, ...def.procedures].map(({ name, params, isCallable }) => [name, params.length, isCallable]),
    );
  });
});
