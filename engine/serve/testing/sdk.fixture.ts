import {
  DbConnectionBuilder,
  type DbConnectionConfig,
  DbConnectionImpl,
  procedureSchema,
  procedures,
  reducerSchema,
  reducers,
  schema,
  setGlobalLogLevel,
  t,
  table,
} from 'spacetimedb';

setGlobalLogLevel('error');

const tablesSchema = schema({
  person: table(
    { name: 'person', indexes: [], constraints: [] },
    t.row({ id: t.u32().primaryKey(), name: t.string() }),
  ),
});
const reducersSchema = reducers(
  reducerSchema('add', { name: t.string() }),
  reducerSchema('reject', {}),
  reducerSchema('explode', {}),
  reducerSchema('bug', {}),
);
const proceduresSchema = procedures(procedureSchema('echo', { text: t.string() }, t.string()));

/** Under `exactOptionalPropertyTypes` the client's types want an absent name, where its tables say `undefined`. */
type ExactTables<Tables extends Record<string, { constraints: readonly object[] }>> = {
  [Name in keyof Tables]: Omit<Tables[Name], 'constraints'> & {
    constraints: readonly (Omit<Tables[Name]['constraints'][number], 'name'> & { name?: string })[];
  };
};

const remoteModule = {
  versionInfo: { cliVersion: '2.8.3' as const },
  tables: tablesSchema.schemaType.tables as unknown as ExactTables<(typeof tablesSchema.schemaType)['tables']>,
  reducers: reducersSchema.reducersType.reducers,
  ...proceduresSchema,
};

/** The official client's connection, with bindings written by hand for the fake database. */
export class PeopleConnection extends DbConnectionImpl<typeof remoteModule> {
  static builder(): DbConnectionBuilder<PeopleConnection> {
    return new DbConnectionBuilder(
      remoteModule,
      (config: DbConnectionConfig<typeof remoteModule>) => new PeopleConnection(config),
    );
  }
}
