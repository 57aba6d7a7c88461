import type { Places } from './compiled.ts';
import type { Datastore } from './datastore.ts';
import { failureOf } from './datastore.ts';
import { BadArgument, BufferTooSmall, code, type FailureCode, SyscallFailure } from './failure.ts';
import { TimeLimit } from './guard.ts';
import { callSite, levelOf, type ModuleLogRecord } from './log-record.ts';
import type { Intrinsics, Realm, SyscallTable } from './realm.ts';
import type { RangeArgs } from './tables.ts';

/** The part of Datastore that system calls use: also answered from a distance, for procedures. */
export type DataCalls = Pick<
  Datastore,
  | ('tableId' | 'indexId' | 'rowCount' | 'scan' | 'point' | 'range' | 'advance' | 'close')
  | ('insert' | 'update' | 'deletePoint' | 'deleteRange' | 'deleteAllEqual' | 'clear')
>;

/** What a module may ask for that has nothing to do with rows. */
export interface Surroundings {
  readonly identity: bigint;
  /** The JSON claims text of a connection's token, empty when there is none. */
  claims(connectionId: bigint): string;
  log(record: ModuleLogRecord): void;
  /** Queues a reducer to run after the present call, whatever becomes of it. */
  scheduleImmediate(reducer: string, args: Uint8Array): void;
}

/** Transactions and requests of a procedure. Everybody else gets refusals. */
export interface ProcedureCalls {
  /** @returns the transaction's timestamp in microseconds. */
  start(): bigint;
  commit(): void;
  abort(): void;
  /** @returns the response as BSATN, and its body. */
  fetch(request: Uint8Array, body: Uint8Array): readonly [Uint8Array, Uint8Array];
}

/** A reducer's or view's answers: its one transaction is not its own. */
export const noProcedureCalls: ProcedureCalls = {
  start: () => refuse(code.wouldBlock),
  commit: () => refuse(code.notAnonymous),
  abort: () => refuse(code.notAnonymous),
  fetch: () => refuse(code.wouldBlock),
};

function refuse(failure: FailureCode): never {
  throw new SyscallFailure(failure);
}

/** The clock is read on every so many calls, because reading it costs as much as a short call. */
const callsPerClockReading = 16;

/** Answers the system calls of one realm: checks what the module passes and turns failures into the module's errors. */
export class Syscalls implements SyscallTable {
  isRunning = false;
  /** An error that the module must not survive, even if it caught it. */
  fatal: unknown;
  /** What timestamps of log lines are: the call's. */
  nowMicros = 0n;
  /** How long one call may go on calling the system. */
  limitMs = Number.POSITIVE_INFINITY;
  readonly #data: DataCalls | undefined;
  readonly #around: Surroundings | undefined;
  readonly #procedure: ProcedureCalls;
  #realm: Realm | undefined;
  // Until the module is loaded, any class will do.
  #intrinsics: Intrinsics = globalThis as unknown as Intrinsics;
  #calls = 0;
  #startedMs = 0;
  #buffer: ArrayBuffer | undefined;
  #bytes: Uint8Array = new Uint8Array();
  /** Short views of the start of `#buffer` by their length: a module passes keys and rows in one buffer again and again. */
  #slices: (Uint8Array | undefined)[] = [];
  readonly #timers = new Map<number, { readonly name: string; readonly startedMs: number }>();
  #nextTimer = 1;

  /** Without data and surroundings, the module can be loaded and described but not called. */
  constructor(data: DataCalls | undefined, around: Surroundings | undefined, procedure: ProcedureCalls) {
    this.#data = data;
    this.#around = around;
    this.#procedure = procedure;
  }

  /** Ends the time of loading: from now on calls are answered. */
  bind(realm: Realm): void {
    this.#realm = realm;
    this.#intrinsics = realm.intrinsics;
  }

  /** Begins one call of the module. */
  reset(nowMicros: bigint): void {
    this.isRunning = false;
    this.fatal = undefined;
    this.nowMicros = nowMicros;
    this.#calls = 0;
    this.#startedMs = 0;
  }

  table_id_from_name(name: unknown): number {
    return this.#names().tableId(string(name));
  }

  index_id_from_name(name: unknown): number {
    return this.#names().indexId(string(name));
  }

  datastore_table_row_count(table: unknown): bigint {
    return BigInt(this.#open().rowCount(u32(table)));
  }

  datastore_table_scan_bsatn(table: unknown): number {
    return this.#open().scan(u32(table));
  }

  datastore_index_scan_point_bsatn(index: unknown, buffer: unknown, length: unknown): number {
    return this.#open().point(u32(index), this.#slice(buffer, length));
  }

  datastore_index_scan_range_bsatn(
    index: unknown,
    buffer: unknown,
    prefixBytes: unknown,
    prefixColumns: unknown,
    startBytes: unknown,
    endBytes: unknown,
  ): number {
    return this.#open().range(u32(index), this.#range(buffer, prefixBytes, prefixColumns, startBytes, endBytes));
  }

  row_iter_bsatn_advance(iterator: unknown, buffer: unknown): number {
    return this.#open().advance(u32(iterator), this.#whole(buffer));
  }

  row_iter_bsatn_close(iterator: unknown): void {
    this.#open().close(u32(iterator));
  }

  datastore_insert_bsatn(table: unknown, buffer: unknown, length: unknown): number {
    return this.#writeBack(buffer, this.#open().insert(u32(table), this.#slice(buffer, length)));
  }

  datastore_update_bsatn(table: unknown, index: unknown, buffer: unknown, length: unknown): number {
    return this.#writeBack(buffer, this.#open().update(u32(table), u32(index), this.#slice(buffer, length)));
  }

  datastore_delete_by_index_scan_point_bsatn(index: unknown, buffer: unknown, length: unknown): number {
    return this.#open().deletePoint(u32(index), this.#slice(buffer, length));
  }

  datastore_delete_by_index_scan_range_bsatn(
    index: unknown,
    buffer: unknown,
    prefixBytes: unknown,
    prefixColumns: unknown,
    startBytes: unknown,
    endBytes: unknown,
  ): number {
    return this.#open().deleteRange(u32(index), this.#range(buffer, prefixBytes, prefixColumns, startBytes, endBytes));
  }

  datastore_delete_all_by_eq_bsatn(table: unknown, buffer: unknown, length: unknown): number {
    return this.#open().deleteAllEqual(u32(table), this.#slice(buffer, length));
  }

  datastore_clear(table: unknown): bigint {
    return BigInt(this.#open().clear(u32(table)));
  }

  console_log(level: unknown, message: unknown): void {
    this.#log(levelOf(level), string(message));
  }

  console_timer_start(name: unknown): number {
    const id = this.#nextTimer++;
    this.#timers.set(id, { name: string(name), startedMs: performance.now() });
    const [oldest] = this.#timers.keys();
    if (oldest !== undefined && this.#timers.size > timersMax) this.#timers.delete(oldest);
    return id;
  }

  console_timer_end(id: unknown): void {
    const timer = this.#timers.get(u32(id));
    if (timer === undefined) throw new SyscallFailure(code.noSuchConsoleTimer);
    this.#timers.delete(u32(id));
    this.#log('Info', `Timing span "${timer.name}": ${(performance.now() - timer.startedMs).toFixed(3)}ms`);
  }

  identity(): bigint {
    return this.#surroundings().identity;
  }

  get_jwt_payload(connectionId: unknown): Uint8Array {
    if (typeof connectionId !== 'bigint') throw new BadArgument('TypeError', 'a connection id is a bigint');
    return this.#own(Buffer.from(this.#surroundings().claims(connectionId)));
  }

  volatile_nonatomic_schedule_immediate(reducer: unknown, args: unknown): void {
    this.#surroundings().scheduleImmediate(string(reducer), this.#view(args).slice());
  }

  procedure_start_mut_tx(): bigint {
    this.#open();
    return this.#procedure.start();
  }

  procedure_commit_mut_tx(): void {
    this.#open();
    this.#procedure.commit();
  }

  procedure_abort_mut_tx(): void {
    this.#open();
    this.#procedure.abort();
  }

  procedure_http_request(request: unknown, body: unknown): readonly Uint8Array[] {
    this.#open();
    const bytes = typeof body === 'string' ? Buffer.from(body) : this.#view(body);
    const [response, content] = this.#procedure.fetch(this.#view(request), bytes);
    const pair = new this.#intrinsics.Array<Uint8Array>();
    pair.push(this.#own(response), this.#own(content));
    return pair;
  }

  thrown(error: unknown): unknown {
    if (error instanceof BufferTooSmall) {
      const signal = new this.#intrinsics.Object() as Record<string, unknown>;
      signal['__buffer_too_small__'] = error.bytesNeeded;
      return signal;
    }
    if (error instanceof BadArgument) return new this.#intrinsics[error.kind](error.message);
    const failure = failureOf(error);
    if (failure !== undefined && this.#realm === undefined) return new this.#intrinsics.Error(failure.message);
    if (failure !== undefined && this.#realm !== undefined) {
      const ErrorClass = this.#realm.hooks.__get_error_constructor__(failure.code);
      return new ErrorClass(failure.message);
    }
    this.fatal ??= error;
    return new this.#intrinsics.Error('The host could not carry out this call, and the call cannot go on.');
  }

  #names(): DataCalls {
    if (this.#data === undefined) throw new SyscallFailure(code.hostCallFailure, duringInit);
    return this.#data;
  }

  #surroundings(): Surroundings {
    if (this.#around === undefined) throw new SyscallFailure(code.hostCallFailure, duringInit);
    return this.#around;
  }

  #open(): DataCalls {
    if (this.#data === undefined || this.#realm === undefined) {
      throw new SyscallFailure(code.hostCallFailure, duringInit);
    }
    if (this.fatal !== undefined) throw this.fatal;
    if (++this.#calls % callsPerClockReading === 0) this.#checkTime();
    return this.#data;
  }

  /** Ends a call that goes on for too long before the host touches anything; one that never calls is ended by force. */
  #checkTime(): void {
    const now = performance.now();
    if (this.#startedMs === 0) this.#startedMs = now;
    if (now - this.#startedMs > this.limitMs) throw new TimeLimit(this.limitMs);
  }

  #log(level: ModuleLogRecord['level'], message: string): void {
    if (this.#around === undefined) return;
    const places: Places | undefined = this.#realm?.places;
    const site = places === undefined ? {} : callSite(new Error(), places);
    this.#around.log({ level, ts: this.nowMicros, ...site, message });
  }

  /** The first `length` bytes of a buffer of the module. */
  #slice(buffer: unknown, length: unknown): Uint8Array {
    const size = u32(length);
    if (size < keptSliceBytes && buffer === this.#buffer && size <= this.#bytes.length) {
      const kept = this.#slices[size];
      if (kept !== undefined) return kept;
      const slice = new Uint8Array(this.#bytes.buffer, 0, size);
      this.#slices[size] = slice;
      return slice;
    }
    if (!(buffer instanceof this.#intrinsics.ArrayBuffer)) throw new BadArgument('TypeError', notABuffer);
    if (size > buffer.byteLength) {
      throw new BadArgument('RangeError', 'length argument was out of bounds for ArrayBuffer');
    }
    return new Uint8Array(buffer, 0, size);
  }

  /** All of a buffer of the module. The module has few and uses them in turn, so the last one is kept. */
  #whole(buffer: unknown): Uint8Array {
    if (buffer === this.#buffer) return this.#bytes;
    if (!(buffer instanceof this.#intrinsics.ArrayBuffer)) throw new BadArgument('TypeError', notABuffer);
    this.#buffer = buffer;
    this.#bytes = new Uint8Array(buffer);
    this.#slices = [];
    return this.#bytes;
  }

  #range(buffer: unknown, prefix: unknown, prefixColumns: unknown, start: unknown, end: unknown): RangeArgs {
    const prefixBytes = u32(prefix);
    const startBytes = u32(start);
    const endBytes = u32(end);
    const bytes = this.#slice(buffer, prefixBytes + startBytes + endBytes);
    return { bytes, prefixBytes, prefixColumns: u32(prefixColumns), startBytes, endBytes };
  }

  #writeBack(buffer: unknown, generated: Uint8Array): number {
    if (generated.length > 0) this.#whole(buffer).set(generated);
    return generated.length;
  }

  #view(bytes: unknown): Uint8Array {
    if (!(bytes instanceof this.#intrinsics.Uint8Array)) throw new BadArgument('TypeError', 'expected a Uint8Array');
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A copy that the module may have. */
  #own(bytes: Uint8Array): Uint8Array {
    const own = new this.#intrinsics.Uint8Array(bytes.length);
    own.set(bytes);
    return own;
  }
}

const keptSliceBytes = 256;
/** Timers that nobody ended: the oldest goes first. */
const timersMax = 1024;
const duringInit = 'cannot call this function during module initialization';
const notABuffer = 'expected an ArrayBuffer';

function u32(value: unknown): number {
  if (typeof value !== 'number') throw new BadArgument('TypeError', 'expected a number');
  if (value >>> 0 !== value) throw new BadArgument('TypeError', `expected an unsigned 32-bit integer, got ${value}`);
  return value;
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw new BadArgument('TypeError', 'expected a string');
  return value;
}
