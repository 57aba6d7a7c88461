import { parentPort, workerData } from 'node:worker_threads';
import { Realm, textOf } from '../realm.ts';
import { Syscalls } from '../syscalls.ts';
import { Channel } from './channel.ts';
import type { Job, ThreadData } from './messages.ts';
import { RemoteData } from './remote-data.ts';

// The code of a procedure thread: one instance of the module, which runs procedures and HTTP handlers one at a time and
// reaches rows, transactions and the network through its host.

const { compiled, identity, loadMsMax, port, signal } = workerData as ThreadData;
const channel = new Channel(port, signal);
const syscalls = new Syscalls(
  new RemoteData(channel),
  {
    identity,
    claims: (connectionId) => channel.call('claims', connectionId),
    log: (record) => channel.tell({ kind: 'log', record }),
    scheduleImmediate: (reducer, args) => channel.tell({ kind: 'schedule', reducer, args }),
  },
  {
    start: () => channel.call('start'),
    commit: () => channel.call('commit'),
    abort: () => channel.call('abort'),
    fetch: (request, body) => channel.call('fetch', request, body),
  },
);
const realm = new Realm(compiled, syscalls, loadMsMax);
syscalls.bind(realm);

parentPort?.on('message', (job: Job) => {
  syscalls.reset(job.timestampMicros);
  try {
    const parts = run(job);
    if (syscalls.fatal !== undefined) throw syscalls.fatal;
    channel.tell({ kind: 'done', parts });
  } catch (error) {
    fail(error, job.timestampMicros);
  }
});

function run(job: Job): Uint8Array[] {
  const { hooks } = realm;
  if (job.kind === 'procedure') {
    const { id, sender, connectionId, timestampMicros, args } = job;
    return [bytesOf(hooks.__call_procedure__(id, sender, connectionId, timestampMicros, realmBytes(args)))];
  }
  if (hooks.__call_http_handler__ === undefined) throw new TypeError('the module answers no HTTP requests');
  const { id, timestampMicros, request, body } = job;
  const answer = hooks.__call_http_handler__(id, timestampMicros, realmBytes(request), realmBytes(body));
  if (!(answer instanceof realm.intrinsics.Array)) throw new TypeError('an HTTP handler must answer with two parts');
  return [bytesOf(answer[0]), bytesOf(answer[1])];
}

function fail(error: unknown, timestampMicros: bigint): void {
  const fatal = syscalls.fatal;
  if (fatal === undefined && realm.isSenderError(error)) {
    channel.tell({ kind: 'failed', outcome: 'rejected', message: textOf(error, 'message') });
    return;
  }
  const record = { level: 'Error', ts: timestampMicros, message: realm.stackOf(fatal ?? error) } as const;
  channel.tell({ kind: 'log', record });
  channel.tell({ kind: 'failed', outcome: 'failed', message: '' });
}

/** A copy of what the module answered, as bytes of this thread's own. */
function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof realm.intrinsics.Uint8Array)) throw new TypeError('the module must answer with bytes');
  return new Uint8Array(value);
}

function realmBytes(bytes: Uint8Array): Uint8Array {
  const own = new realm.intrinsics.Uint8Array(bytes.length);
  own.set(bytes);
  return own;
}
