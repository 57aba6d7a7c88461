import {
  DbConnectionBuilder,
  type DbConnectionConfig,
  DbConnectionImpl,
  procedures,
  reducerSchema,
  reducers,
  schema,
  setGlobalLogLevel,
  t,
} from 'spacetimedb';

setGlobalLogLevel('error');

const remoteModule = {
  versionInfo: { cliVersion: '2.10.1' as const },
  tables: schema({}).schemaType.tables,
  reducers: reducers(
    reducerSchema('open', { from: t.u32(), to: t.u32(), balance: t.i64() }),
    reducerSchema('transfer', { from: t.u32(), to: t.u32(), amount: t.i64() }),
  ).reducersType.reducers,
  ...procedures(),
};

/** The official client's connection to `modules/bank.ts`. */
export class BankConnection extends DbConnectionImpl<typeof remoteModule> {
  /** Connects with confirmed reads: a call is answered when its commit is on disk. */
  static open(url: string): Promise<BankConnection> {
    return new Promise((resolve, reject) => {
      new DbConnectionBuilder<BankConnection>(
        remoteModule,
        (config: DbConnectionConfig<typeof remoteModule>) => new BankConnection(config),
      )
        .withUri(url.replace(/^http/, 'ws'))
        .withDatabaseName('bank')
        .withConfirmedReads(true)
        .onConnect((connection) => resolve(connection as BankConnection))
        .onConnectError((_context, error) => reject(error))
        .build();
    });
  }
}
