import { WebSocket } from 'undici';
import { DbConnection, tables } from './bindings/index.ts';

// Node before version 22 has no WebSocket of its own.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

const limitCelsius = 30;

const connection = DbConnection.builder()
  .withUri(process.env['SERVER'] ?? 'http://127.0.0.1:3000')
  .withDatabaseName('sensors')
  .onConnect(() => console.log('connected'))
  .onConnectError((_, error) => fail(`cannot connect: ${error.message}`))
  .onDisconnect(() => fail('the server went away'))
  .build();

connection.db.reading.onInsert((context, { sensor, celsius }) => {
  // Rows that were there before tell of the past.
  if (context.event.tag === 'SubscribeApplied') return;
  const isHot = connection.db.alarm.sensor.find(sensor) !== undefined;
  if (celsius > limitCelsius) void connection.reducers.raise({ sensor, celsius });
  else if (isHot) void connection.reducers.settle({ sensor });
});
connection.db.alarm.onInsert((_, { sensor, celsius }) => console.log(`${sensor} is too hot: ${celsius} °C`));
connection.db.alarm.onDelete((_, { sensor }) => console.log(`${sensor} is fine again`));

connection
  .subscriptionBuilder()
  .onApplied(() => console.log('watching'))
  .subscribe([tables.reading, tables.alarm]);

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
