import { ask } from './api.ts';
import { type Schema, type Schema9, type Schema10, schemaOf } from './schema.ts';

/** Asks a database what it consists of. @throws Refused, Unreachable, or the signal's reason */
export async function readSchema(database: string, signal: AbortSignal): Promise<Schema> {
  const read = async (version: 9 | 10): Promise<unknown> =>
    (await ask(`database/${database}/schema?version=${version}`, { signal })).json();
  const [schema, added] = await Promise.all([read(9), read(10)]);
  return schemaOf(schema as Schema9, added as Schema10);
}
