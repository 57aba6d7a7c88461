import { camelCase } from '../module/names.ts';
import type { Callable, Relation, Surface } from './surface.ts';
import { block, fileText, importOf, propertyKey, quoted } from './text.ts';

/** The release of the official tools that these bindings behave like; the SDK refuses bindings older than 1.4.0. */
const compatibleVersion = '2.10.1';

const sdkNames = [
  'DbConnectionBuilder as __DbConnectionBuilder',
  'DbConnectionImpl as __DbConnectionImpl',
  'SubscriptionBuilderImpl as __SubscriptionBuilderImpl',
  'convertToAccessorMap as __convertToAccessorMap',
  'makeQueryBuilder as __makeQueryBuilder',
  'procedureSchema as __procedureSchema',
  'procedures as __procedures',
  'reducerSchema as __reducerSchema',
  'reducers as __reducers',
  'schema as __schema',
  'table as __table',
  'type DbConnectionConfig as __DbConnectionConfig',
  'type ErrorContextInterface as __ErrorContextInterface',
  'type EventContextInterface as __EventContextInterface',
  'type QueryBuilder as __QueryBuilder',
  'type ReducerEventContextInterface as __ReducerEventContextInterface',
  'type RemoteModule as __RemoteModule',
  'type SubscriptionEventContextInterface as __SubscriptionEventContextInterface',
  'type SubscriptionHandleImpl as __SubscriptionHandleImpl',
];

/** `index.ts`: the module as the SDK wants to know it, and a connection with its types. */
export function createIndexFile(surface: Surface): string {
  const relations = [...surface.tables, ...surface.views];
  const used = sdkNames.filter(
    (name) =>
      (!name.startsWith('table ') || relations.length > 0) &&
      (!name.startsWith('reducerSchema ') || surface.reducers.length > 0) &&
      (!name.startsWith('procedureSchema ') || surface.procedures.length > 0),
  );
  return fileText([
    [
      importOf(used, 'spacetimedb'),
      ...surface.reducers.map(({ pascal, file }) => `import ${pascal}Reducer from ${quoted(`./${file}`)};`),
      ...surface.procedures.map(({ pascal, file }) => `import * as ${pascal}Procedure from ${quoted(`./${file}`)};`),
      ...relations.map(({ pascal, file }) => `import ${pascal}Row from ${quoted(`./${file}`)};`),
    ].join('\n'),
    `const tablesSchema = __schema(${block(relations.map(tableEntry))});`,
    `const reducersSchema = __reducers${block(surface.reducers.map(reducerEntry), '(', ')')};`,
    `const proceduresSchema = __procedures${block(surface.procedures.map(procedureEntry), '(', ')')};`,
    exactTables,
    remoteModule,
    exports,
  ]);
}

function tableEntry(relation: Relation): string {
  const keyOf = (column: number): string => quoted(camelCase(relation.row.fields[column]?.name ?? ''));
  const columns = (list: readonly number[]): string => `columns: [${list.map(keyOf).join(', ')}]`;
  const indexes = relation.indexes.map(
    (index) =>
      // The SDK's cache knows ordered indexes only.
      `{ accessor: ${quoted(index.accessor ?? '')}, name: ${quoted(index.name)}, algorithm: 'btree', ${columns(index.columns)} }`,
  );
  // The SDK's types know unique columns one by one only: an index over several finds rows, as its types say.
  const constraints = relation.uniques
    .filter((unique) => unique.columns.length === 1)
    .map((unique) => `{ name: ${quoted(unique.name)}, constraint: 'unique', ${columns(unique.columns)} }`);
  const options = [
    `name: ${quoted(relation.name)}`,
    `indexes: ${block(indexes, '[', ']')}`,
    `constraints: ${block(constraints, '[', ']')}`,
    ...(relation.isEvent ? ['event: true'] : []),
  ];
  return `${propertyKey(relation.accessor)}: __table(${block(options)}, ${relation.pascal}Row)`;
}

function reducerEntry({ name, pascal }: Callable): string {
  return `__reducerSchema(${quoted(name)}, ${pascal}Reducer)`;
}

function procedureEntry({ name, pascal }: Callable): string {
  return `__procedureSchema(${quoted(name)}, ${pascal}Procedure.params, ${pascal}Procedure.returnType)`;
}

/** Without it the SDK's types fail in programs that are checked with `exactOptionalPropertyTypes`. */
const exactTables = `/** The tables with constraints whose name, when there is none, is absent. */
type ExactTables<Tables extends Record<string, { constraints: readonly object[] }>> = {
  [Name in keyof Tables]: Omit<Tables[Name], 'constraints'> & {
    constraints: readonly (Omit<Tables[Name]['constraints'][number], 'name'> & { name?: string })[];
  };
};

const schemaType = tablesSchema.schemaType as { tables: unknown } as {
  tables: ExactTables<(typeof tablesSchema.schemaType)['tables']>;
};`;

const remoteModule = `const REMOTE_MODULE = {
  versionInfo: { cliVersion: '${compatibleVersion}' as const },
  tables: schemaType.tables,
  reducers: reducersSchema.reducersType.reducers,
  ...proceduresSchema,
} satisfies __RemoteModule<
  typeof schemaType,
  typeof reducersSchema.reducersType,
  typeof proceduresSchema
>;`;

const exports = `/** The public tables and views; each is a query, to be narrowed with \`where\` and joined with semijoins. */
export const tables: __QueryBuilder<typeof schemaType> = __makeQueryBuilder(schemaType);

/** The reducers that a client may call. */
export const reducers = __convertToAccessorMap(reducersSchema.reducersType.reducers);

/** The procedures that a client may call. */
export const procedures = __convertToAccessorMap(proceduresSchema.procedures);

export type EventContext = __EventContextInterface<typeof REMOTE_MODULE>;
export type ReducerEventContext = __ReducerEventContextInterface<typeof REMOTE_MODULE>;
export type SubscriptionEventContext = __SubscriptionEventContextInterface<typeof REMOTE_MODULE>;
export type ErrorContext = __ErrorContextInterface<typeof REMOTE_MODULE>;
export type SubscriptionHandle = __SubscriptionHandleImpl<typeof REMOTE_MODULE>;

/** Opens subscriptions on a connection. */
export class SubscriptionBuilder extends __SubscriptionBuilderImpl<typeof REMOTE_MODULE> {}

/** Opens a connection. */
export class DbConnectionBuilder extends __DbConnectionBuilder<DbConnection> {}

/** A connection to a database that runs this module. */
export class DbConnection extends __DbConnectionImpl<typeof REMOTE_MODULE> {
  static builder = (): DbConnectionBuilder =>
    new DbConnectionBuilder(
      REMOTE_MODULE,
      (config: __DbConnectionConfig<typeof REMOTE_MODULE>) => new DbConnection(config),
    );

  override subscriptionBuilder = (): SubscriptionBuilder => new SubscriptionBuilder(this);
}

export type DbView = DbConnection['db'];
export type Tables = typeof tables;`;
