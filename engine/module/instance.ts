import { layoutOf } from '../bsatn/layout.ts';
import { Reader } from '../bsatn/reader.ts';
import { Rejection } from '../errors.ts';
import type { TableReader, Transaction } from '../store/contract.ts';
import type { IndexId, TableId } from '../store/definition.ts';
import type { Catalog } from './catalog.ts';
import type { CompiledModule } from './compiled.ts';
import { Datastore, type RangeRead, type Reads } from './datastore.ts';
import type { ModuleDef, ReducerDef, ViewDef } from './definition.ts';
import { HostCut, TimeLimit, withTimeLimit } from './guard.ts';
import { Realm, textOf } from './realm.ts';
import { noProcedureCalls, type Surroundings, Syscalls } from './syscalls.ts';
import { BoundTables } from './tables.ts';

/** What a module instance needs of the database that it runs in. */
export interface ModuleHost extends Surroundings {
  readonly catalog: Catalog;
  reader(table: TableId): TableReader;
}

export type Outcome =
  | { readonly kind: 'ok' }
  /** The reducer threw a SenderError: its message. */
  | { readonly kind: 'rejected'; readonly message: string }
  /** Anything else; what it was is in the log. */
  | { readonly kind: 'failed'; readonly message: string }
  /** The host has no room for it now: the same call may go through later. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

export const fatalMessage = 'The instance encountered a fatal error.';

/** A view that threw. The message is for the caller; what else there is to know has been logged. */
export class ViewFailure extends Rejection {
  constructor(message: string, options?: ErrorOptions) {
    super('view', message, options);
  }
}

/** What a view read while it ran. */
export interface ViewReads {
  readonly tables: ReadonlySet<TableId>;
  readonly points: readonly { readonly table: TableId; readonly index: IndexId; readonly key: Uint8Array }[];
  readonly ranges: readonly RangeRead[];
}

export type ViewOutcome =
  | { readonly kind: 'rows'; readonly rows: readonly Uint8Array[]; readonly reads: ViewReads }
  | { readonly kind: 'query'; readonly sql: string; readonly reads: ViewReads };

/**
 * Beyond a call's own limit the thread is taken away only after this long, so that a call which still calls the system
 * has been ended gently, and the host's own work in the same batch has had its time.
 */
const graceMsDefault = 5000;
/** A guard that is older than this should end, so that the limit of its last call is still near the mark. */
const batchMsMax = 100;
const argsBytesKept = 4096;
const ok: Outcome = { kind: 'ok' };

/** A module at work in one database. Its calls follow one another; none runs inside another. */
export class ModuleInstance {
  readonly #host: ModuleHost;
  readonly #realm: Realm;
  readonly #data: Datastore;
  readonly #syscalls: Syscalls;
  readonly #args: ArrayBuffer;
  readonly #argsBytes: Uint8Array;
  #lastArgs: DataView | undefined;
  readonly #noArgs: Uint8Array;
  /** The reducer or view that is running, if any. */
  #current: ReducerDef | ViewDef | undefined;
  #guardStartedMs = 0;

  /** @throws PublishRejection when the module fails while it is loaded. */
  constructor(compiled: CompiledModule, host: ModuleHost, loadMsMax: number) {
    this.#host = host;
    this.#data = new Datastore(new BoundTables(host.catalog, (table) => host.reader(table)));
    this.#syscalls = new Syscalls(this.#data, host, noProcedureCalls);
    this.#realm = new Realm(compiled, this.#syscalls, loadMsMax);
    this.#syscalls.bind(this.#realm);
    const { intrinsics } = this.#realm;
    this.#args = new intrinsics.ArrayBuffer(argsBytesKept);
    this.#argsBytes = new Uint8Array(this.#args);
    this.#noArgs = new intrinsics.Uint8Array();
  }

  /** Runs a reducer in an open transaction, which is the caller's to commit or to roll back. */
  callReducer(
    tx: Transaction,
    id: number,
    sender: bigint,
    connectionId: bigint,
    timestampMicros: bigint,
    args: Uint8Array,
  ): Outcome {
    const reducer = this.#host.catalog.def.reducers[id];
    this.#begin(reducer, tx, timestampMicros);
    let outcome = ok;
    try {
      const { hooks } = this.#realm;
      const result = hooks.__call_reducer__(id, sender, connectionId, timestampMicros, this.#argsView(args));
      if (this.#syscalls.fatal !== undefined) throw this.#syscalls.fatal;
      if (result !== undefined) throw new TypeError(`reducer \`${reducer?.name}\` must not return anything`);
    } catch (error) {
      // Looking into what a module threw can run code of the module: the call is not over yet.
      outcome = this.#failure(error);
    }
    this.#end();
    return outcome;
  }

  /** Runs a view's function over what is stored now. @throws ViewFailure */
  evaluateView(view: ViewDef, sender: bigint | undefined): ViewOutcome {
    const reads: Reads = { tables: new Set(), points: [], ranges: [] };
    const { hooks } = this.#realm;
    this.#begin(view, undefined, this.#syscalls.nowMicros, reads);
    try {
      const result = view.isAnonymous
        ? hooks.__call_view_anon__(view.hookId, this.#noArgs)
        : hooks.__call_view__(view.hookId, sender ?? 0n, this.#noArgs);
      if (this.#syscalls.fatal !== undefined) throw this.#syscalls.fatal;
      return readViewResult(view, this.#bytesOf(result), reads);
    } catch (error) {
      const outcome = this.#failure(error);
      const message = outcome.kind === 'ok' ? fatalMessage : outcome.message;
      const isLate = this.#syscalls.fatal instanceof TimeLimit;
      throw new ViewFailure(isLate ? message : `view \`${view.name}\`: ${message}`, { cause: error });
    } finally {
      this.#end();
    }
  }

  /**
   * Runs a batch of calls of this instance and of the host's work on them. Each call may take `limitMs`: one that calls
   * the system for longer fails, and from one that never does the thread is taken away a few seconds later.
   * @param graceMs how much later the thread is taken away; 5000 by default
   * @param isResumable as of `withTimeLimit`
   * @throws TimeLimit when the thread was taken out of the module's code. The open transaction is to be rolled back; the
   * module's own variables are as they were left, so that a new instance is the safer one to go on with.
   * @throws HostCut when it was taken out of the host's: nothing in memory can be trusted any more.
   */
  guard<T>(limitMs: number, run: () => T, graceMs = graceMsDefault, isResumable = false): T {
    const outerLimitMs = this.#syscalls.limitMs;
    this.#syscalls.limitMs = limitMs;
    this.#guardStartedMs = performance.now();
    try {
      return withTimeLimit(limitMs + graceMs, run, isResumable);
    } catch (error) {
      if (error instanceof TimeLimit) this.#interrupted(limitMs, graceMs, error);
      throw error;
    } finally {
      this.#syscalls.limitMs = outerLimitMs;
    }
  }

  /** Whether the present guard is old enough for its batch to end. */
  get isBatchOver(): boolean {
    return performance.now() - this.#guardStartedMs > batchMsMax;
  }

  /** @throws Rejection `time-limit` when the host's own work in the present guard has gone on for as long as a call may */
  requireTime(): void {
    const { limitMs } = this.#syscalls;
    if (performance.now() - this.#guardStartedMs <= limitMs) return;
    throw new Rejection('time-limit', `This ran longer than ${limitMs} ms and was undone: do it in parts.`);
  }

  /** Lets go of what the instance holds. It must not be called afterwards. */
  close(): void {
    this.#data.end();
  }

  #interrupted(limitMs: number, graceMs: number, error: TimeLimit): never {
    const call = this.#current;
    // Once a call has failed for good, its further system calls do nothing that could be cut in two.
    const wasInModule = call !== undefined && (!this.#syscalls.isRunning || this.#syscalls.fatal !== undefined);
    this.#end();
    if (wasInModule) throw new TimeLimit(limitMs, lateMessage(call, limitMs), { cause: error });
    throw new HostCut(
      `The host's own work took more than ${limitMs + graceMs} ms and was cut off in the middle: the database must be opened again.`,
      { cause: error },
    );
  }

  #begin(call: ReducerDef | ViewDef | undefined, tx: Transaction | undefined, nowMicros: bigint, reads?: Reads): void {
    this.#current = call;
    this.#syscalls.reset(nowMicros);
    this.#data.begin(tx, nowMicros, reads);
  }

  #end(): void {
    this.#current = undefined;
    this.#data.end();
  }

  /** The arguments where the module can read them: in one buffer of the realm's, used again for every call. */
  #argsView(args: Uint8Array): DataView {
    const { intrinsics } = this.#realm;
    const { length } = args;
    if (length <= argsBytesKept) {
      this.#argsBytes.set(args);
      if (this.#lastArgs?.byteLength !== length) this.#lastArgs = new intrinsics.DataView(this.#args, 0, length);
      return this.#lastArgs;
    }
    const large = new intrinsics.ArrayBuffer(length);
    new Uint8Array(large).set(args);
    return new intrinsics.DataView(large);
  }

  #bytesOf(result: unknown): Uint8Array {
    const { intrinsics } = this.#realm;
    const data = result instanceof intrinsics.Uint8Array ? result : (result as { data?: unknown } | undefined)?.data;
    if (!(data instanceof intrinsics.Uint8Array)) throw new TypeError('a view must answer with bytes');
    // The rows outlive the call, and the module must not be able to change them.
    return new Uint8Array(data);
  }

  #failure(error: unknown): Outcome {
    const { fatal } = this.#syscalls;
    if (fatal instanceof TimeLimit && this.#current) return this.#late(this.#current, fatal);
    if (fatal instanceof Rejection && fatal.code === 'memory-full') {
      return { kind: 'refused', code: fatal.code, message: fatal.message };
    }
    if (fatal === undefined && this.#isRejection(error)) return { kind: 'rejected', message: textOf(error, 'message') };
    this.#host.log({ level: 'Error', ts: this.#syscalls.nowMicros, message: this.#realm.stackOf(fatal ?? error) });
    return { kind: 'failed', message: fatalMessage };
  }

  #late(call: ReducerDef | ViewDef, error: TimeLimit): Outcome {
    const message = lateMessage(call, error.limitMs);
    const stack = this.#realm.stackOf(error);
    this.#host.log({
      level: 'Error',
      ts: this.#syscalls.nowMicros,
      message: message + stack.slice(stack.indexOf('\n')),
    });
    return { kind: 'failed', message };
  }

  #isRejection(error: unknown): boolean {
    try {
      return this.#realm.isSenderError(error);
    } catch {
      // The module made a class that cannot be asked; whatever it threw is no SenderError.
      return false;
    }
  }
}

function lateMessage(call: ReducerDef | ViewDef, limitMs: number): string {
  const isView = 'hookId' in call;
  return `The ${isView ? 'view' : 'reducer'} \`${call.name}\` ran longer than ${limitMs} ms and was ${isView ? 'ended' : 'undone'}.`;
}

function readViewResult(view: ViewDef, bytes: Uint8Array, reads: ViewReads): ViewOutcome {
  const reader = new Reader(bytes);
  const tag = reader.u8();
  if (tag === 1) return { kind: 'query', sql: reader.string(), reads };
  if (tag !== 0) throw new TypeError(`view \`${view.name}\` answers with tag ${tag}; 0 is rows and 1 is a query`);
  const layout = layoutOf(view.row);
  const count = reader.u32();
  const rows: Uint8Array[] = [];
  let at = reader.offset;
  for (let i = 0; i < count; i++) {
    const end = layout.end(bytes, at, bytes.length);
    rows.push(bytes.subarray(at, end));
    at = end;
  }
  return { kind: 'rows', rows, reads };
}

/** A module that has been read and found good. */
export interface LoadedModule {
  readonly def: ModuleDef;
  /** The module's description of itself as it wrote it: BSATN of RawModuleDef. */
  readonly raw: Uint8Array;
  readonly compiled: CompiledModule;
  /** Makes an instance in a realm of its own. */
  attach(host: ModuleHost): ModuleInstance;
}
