import {
  bytesType,
  connectionIdType,
  identityType,
  timeDurationType,
  timestampType,
  unitType,
} from '../../../bsatn/special.ts';
import type { ProductType, SumType, Type } from '../../../bsatn/type.ts';

/**
 * The messages of `v1.json.spacetimedb` as SATS types. The JSON protocol says the same as the binary one, but arguments
 * and values are JSON text, and a list of rows is an array of JSON texts.
 */

const u32: Type = { kind: 'u32' };
const u64: Type = { kind: 'u64' };
const string: Type = { kind: 'string' };

function product(fields: Readonly<Record<string, Type>>): ProductType {
  return { kind: 'product', fields: Object.entries(fields).map(([name, type]) => ({ name, type })) };
}

function sum(variants: Readonly<Record<string, Type>>): SumType {
  return { kind: 'sum', variants: Object.entries(variants).map(([name, type]) => ({ name, type })) };
}

const arrayOf = (of: Type): Type => ({ kind: 'array', of });
const option = (some: Type): SumType => sum({ some, none: unitType });

const queryId = product({ id: u32 });
const unsubscribe = product({ request_id: u32, query_id: queryId });

export const clientMessageShape = sum({
  CallReducer: product({ reducer: string, args: string, request_id: u32, flags: { kind: 'u8' } }),
  Subscribe: product({ query_strings: arrayOf(string), request_id: u32 }),
  OneOffQuery: product({ message_id: bytesType, query_string: string }),
  SubscribeSingle: product({ query: string, request_id: u32, query_id: queryId }),
  SubscribeMulti: product({ query_strings: arrayOf(string), request_id: u32, query_id: queryId }),
  Unsubscribe: unsubscribe,
  UnsubscribeMulti: unsubscribe,
  CallProcedure: product({ procedure: string, args: string, request_id: u32, flags: { kind: 'u8' } }),
});

const rowList = arrayOf(string);
const tableUpdate = product({
  table_id: u32,
  table_name: string,
  num_rows: u64,
  updates: arrayOf(product({ deletes: rowList, inserts: rowList })),
});
const databaseUpdate = product({ tables: arrayOf(tableUpdate) });

const single = product({
  request_id: u32,
  total_host_execution_duration_micros: u64,
  query_id: queryId,
  rows: product({ table_id: u32, table_name: string, table_rows: tableUpdate }),
});
const multi = product({
  request_id: u32,
  total_host_execution_duration_micros: u64,
  query_id: queryId,
  update: databaseUpdate,
});

export const serverMessageShape = sum({
  InitialSubscription: product({
    database_update: databaseUpdate,
    request_id: u32,
    total_host_execution_duration: timeDurationType,
  }),
  TransactionUpdate: product({
    status: sum({ Committed: databaseUpdate, Failed: string, OutOfEnergy: unitType }),
    timestamp: timestampType,
    caller_identity: identityType,
    caller_connection_id: connectionIdType,
    reducer_call: product({ reducer_name: string, reducer_id: u32, args: string, request_id: u32 }),
    energy_quanta_used: product({ quanta: { kind: 'u128' } }),
    total_host_execution_duration: timeDurationType,
  }),
  TransactionUpdateLight: product({ request_id: u32, update: databaseUpdate }),
  IdentityToken: product({ identity: identityType, token: string, connection_id: connectionIdType }),
  OneOffQueryResponse: product({
    message_id: bytesType,
    error: option(string),
    tables: arrayOf(product({ table_name: string, rows: rowList })),
    total_host_execution_duration: timeDurationType,
  }),
  SubscribeApplied: single,
  UnsubscribeApplied: single,
  SubscriptionError: product({
    total_host_execution_duration_micros: u64,
    request_id: option(u32),
    query_id: option(u32),
    table_id: option(u32),
    error: string,
  }),
  SubscribeMultiApplied: multi,
  UnsubscribeMultiApplied: multi,
  ProcedureResult: product({
    status: sum({ Returned: string, OutOfEnergy: unitType, InternalError: string }),
    timestamp: timestampType,
    total_host_execution_duration: timeDurationType,
    request_id: u32,
  }),
});
