import type { ModuleDef, ProcedureDef, ReducerDef } from '../../module/definition.ts';
import { bodyText, paramsText, typeText } from '../../module/type-text.ts';
import type { Database, HttpCaller, JsonText } from '../contract.ts';
import { sqlJson } from '../sql-json.ts';
import { type JsonSchema, parametersSchema } from './json-schema.ts';

/** Something that whoever asks may have the database do. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly isReadOnly: boolean;
  /** @throws Rejection that says why it came to nothing */
  run(args: Readonly<Record<string, unknown>>): Promise<JsonText>;
}

const noParameters: JsonSchema = { type: 'object', properties: {}, additionalProperties: false };

/** The tools of a database for one caller: they do what the caller may do by itself over HTTP, no more. */
export function toolsOf(database: Database, caller: HttpCaller): Tool[] {
  const { def } = database;
  const own = [sqlTool(database, caller), schemaTool(database, caller)];
  const isTaken = (name: string): boolean => own.some((tool) => tool.name === name);
  const functions = [...def.reducers, ...def.procedures].filter(({ isCallable }) => isCallable);
  return [
    ...own,
    ...functions.map((fn) => callTool(database, caller, fn, isTaken(fn.name) ? `call_${fn.name}` : fn.name)),
  ];
}

function callTool(database: Database, caller: HttpCaller, fn: ReducerDef | ProcedureDef, name: string): Tool {
  const { types } = database.def;
  const text = `${fn.name}(${paramsText(fn.params, types)})`;
  return {
    name,
    description:
      'returns' in fn
        ? `The procedure ${text}, which answers with ${typeText(fn.returns, types)}.`
        : `The reducer ${text}: changes rows in one transaction, or fails and changes nothing.`,
    inputSchema: parametersSchema(fn.params, types),
    isReadOnly: false,
    async run(args) {
      const answer = await database.callHttp(caller, fn.name, JSON.stringify(args));
      return answer.kind === 'procedure' ? answer.value : '"done"';
    },
  };
}

function sqlTool(database: Database, caller: HttpCaller): Tool {
  return {
    name: 'sql',
    description:
      'Runs SQL and answers with the schema and the rows of each statement. Everybody may SELECT from public tables and ' +
      'views; the owner also from private ones, and may INSERT, UPDATE and DELETE.',
    inputSchema: {
      type: 'object',
      properties: { query: { type: 'string', description: 'one statement, or several with semicolons between them' } },
      required: ['query'],
      additionalProperties: false,
    },
    isReadOnly: caller.identity !== database.owner,
    async run({ query }) {
      return sqlJson(await database.sql(caller, String(query), true));
    },
  };
}

function schemaTool(database: Database, caller: HttpCaller): Tool {
  return {
    name: 'schema',
    description: 'The tables and views that can be queried, with their columns, and the functions that can be called.',
    inputSchema: noParameters,
    isReadOnly: true,
    run: async () => JSON.stringify(schemaFor(database.def, caller.identity === database.owner), undefined, 2),
  };
}

/** What a caller may know of a module. Only the owner sees private tables. */
function schemaFor({ tables, views, reducers, procedures, types }: ModuleDef, isOwner: boolean) {
  const columns = (row: (typeof tables)[number]['row']) =>
    Object.fromEntries(row.fields.map(({ name, type }) => [name, typeText(type, types)]));
  const callable = <F extends { readonly isCallable: boolean }>(functions: readonly F[]) =>
    functions.filter(({ isCallable }) => isCallable);
  return {
    tables: tables
      .filter(({ isPublic }) => isPublic || isOwner)
      .map(({ name, row, primaryKey, isPublic, isEvent }) => ({
        name,
        columns: columns(row),
        primaryKey: primaryKey === undefined ? null : row.fields[primaryKey]?.name,
        access: isPublic ? 'public' : 'private',
        ...(isEvent ? { kind: 'events: rows are delivered to subscribers and never stored' } : {}),
      })),
    views: views
      .filter(({ isPublic }) => isPublic || isOwner)
      .map(({ name, row }) => ({ name, columns: columns(row) })),
    reducers: callable(reducers).map(({ name, params }) => `${name}(${paramsText(params, types)})`),
    procedures: callable(procedures).map(
      ({ name, params, returns }) => `${name}(${paramsText(params, types)}): ${typeText(returns, types)}`,
    ),
    types: Object.fromEntries(types.map(({ name, type }) => [name, bodyText(type, types)])),
  };
}
