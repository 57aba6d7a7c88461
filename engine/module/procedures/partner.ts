import { MessageChannel, Worker } from 'node:worker_threads';
import { assert, Rejection } from '../../errors.ts';
import type { Clock, Timer } from '../../host/clock.ts';
import type { Transaction } from '../../store/contract.ts';
import { Datastore, failureOf } from '../datastore.ts';
import { BufferTooSmall, code, SyscallFailure } from '../failure.ts';
import { fatalMessage, type LoadedModule, type ModuleHost } from '../instance.ts';
import { BoundTables } from '../tables.ts';
import { Line } from './line.ts';
import { type Answer, type FromThread, type HostCalls, type Job, signalBytes, type ThreadData } from './messages.ts';
import type { Outbound } from './outbound.ts';

/** Transactions that a job opens and closes at will. Between the two nothing else runs on the host's thread. */
export interface ProcedureTransactions {
  begin(job: Job): { readonly tx: Transaction; readonly timestampMicros: bigint };
  /** Ends the transaction also when it throws: then nothing of it is left. @throws Rejection that says why */
  commit(tx: Transaction, job: Job, timestampMicros: bigint): void;
  abort(tx: Transaction): void;
}

/** What a thread needs of its surroundings. */
export interface PartnerParts {
  readonly module: LoadedModule;
  readonly host: ModuleHost;
  readonly transactions: ProcedureTransactions;
  readonly clock: Clock;
  readonly outbound: Outbound;
  readonly threadEntry: URL;
  readonly limits: ProcedureLimits;
  /** Called when a job begins to wait for the answer to a request: until then another one may run. */
  readonly onRequest: () => void;
}

export interface ProcedureLimits {
  /** How long one procedure or handler may take. */
  readonly callMsMax: number;
  /** How long it may hold a transaction open, in which everybody else waits. */
  readonly transactionMsMax: number;
  /** Memory of one thread. */
  readonly heapMegabytesMax: number;
}

/** A procedure or handler that did not end well. The message is for the caller. */
export class ProcedureFailure extends Rejection {
  /** @param code the same as of a reducer: `reducer-rejected` for a SenderError, `time-limit`, else `reducer-failed` */
  constructor(code: 'reducer-rejected' | 'reducer-failed' | 'time-limit', message: string) {
    super(code, message);
  }
}

interface OpenTransaction {
  readonly tx: Transaction;
  readonly job: Job;
  readonly timestampMicros: bigint;
}

interface Running {
  readonly job: Job;
  readonly resolve: (parts: readonly Uint8Array[]) => void;
  readonly reject: (why: Rejection) => void;
}

const loadMsMax = 10_000;

/** The host's side of one procedure thread: starts it, gives it jobs, and does for it what only the host can. */
export class Partner {
  readonly #parts: PartnerParts;
  readonly #worker: Worker;
  readonly #line: Line;
  readonly #data: Datastore;
  #open: OpenTransaction | undefined;
  #running: Running | undefined;
  #timer: Timer | undefined;
  #hasEnded = false;
  #isRequesting = false;

  constructor(parts: PartnerParts) {
    this.#parts = parts;
    this.#data = new Datastore(new BoundTables(parts.host.catalog, (table) => parts.host.reader(table)));
    const { port1, port2 } = new MessageChannel();
    const signal = new SharedArrayBuffer(signalBytes);
    const { compiled } = parts.module;
    const workerData: ThreadData = { compiled, identity: parts.host.identity, loadMsMax, port: port2, signal };
    const worker = new Worker(parts.threadEntry, {
      name: 'module-procedures',
      workerData,
      transferList: [port2],
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: parts.limits.heapMegabytesMax },
    });
    worker.on('error', (error) => this.#crashed(error));
    worker.on('exit', () => this.#crashed(new Error('The procedure thread ended.')));
    // A thread that waits for work does not keep the program running.
    worker.unref();
    this.#worker = worker;
    this.#line = new Line(worker, port1, signal, (message) => this.#receive(message));
  }

  /** Whether the thread is gone; it then takes no more jobs. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether its job waits for the answer to a request. */
  get isRequesting(): boolean {
    return this.#isRequesting;
  }

  /** Runs one job at a time. @throws ProcedureFailure, or what `close` is given */
  run(job: Job): Promise<readonly Uint8Array[]> {
    const { callMsMax } = this.#parts.limits;
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#running = { job, resolve, reject };
      this.#timer = this.#parts.clock.setTimer(callMsMax, () => {
        const text = `${this.#what(job)} ran longer than ${callMsMax} ms and was ended.`;
        this.#end(new ProcedureFailure('time-limit', text));
      });
      this.#worker.postMessage(job);
    });
  }

  /** Ends the thread, and with `why` the job that it runs. */
  async close(why: Rejection): Promise<void> {
    this.#end(why);
    await this.#worker.terminate();
  }

  #receive(message: FromThread): void {
    if (this.#hasEnded) return;
    switch (message.kind) {
      case 'call': {
        const wasOpen = this.#open !== undefined;
        if (message.name === 'fetch' && !wasOpen) {
          void this.#fetch(message.args);
          return;
        }
        this.#answer(() => this.#perform(message.name, message.args));
        if (!wasOpen && this.#open !== undefined) this.#serve();
        return;
      }
      case 'log':
        this.#parts.host.log(message.record);
        return;
      case 'schedule':
        this.#parts.host.scheduleImmediate(message.reducer, message.args);
        return;
      case 'done':
        this.#finish()?.resolve(message.parts);
        return;
      case 'failed': {
        const failure =
          message.outcome === 'rejected'
            ? new ProcedureFailure('reducer-rejected', message.message)
            : new ProcedureFailure('reducer-failed', fatalMessage);
        this.#finish()?.reject(failure);
      }
    }
  }

  /**
   * Serves the thread, and it alone, until its transaction has ended: the rows are nobody else's meanwhile, and a system
   * call does not wait for a turn of the event loop.
   */
  #serve(): void {
    const { transactionMsMax } = this.#parts.limits;
    const untilMs = performance.now() + transactionMsMax;
    while (this.#open !== undefined) {
      const { job } = this.#open;
      const message = this.#line.take(untilMs);
      if (message === 'dead') {
        // What it died of is about to be told by the event loop.
        this.#abort();
      } else if (message === 'late') {
        const held = `held a transaction open for longer than ${transactionMsMax} ms`;
        const text = `${this.#what(job)} ${held} and was ended; the transaction was undone.`;
        this.#end(new ProcedureFailure('time-limit', text));
      } else {
        this.#receive(message);
      }
    }
  }

  #perform(name: keyof HostCalls, args: readonly unknown[]): unknown {
    switch (name) {
      case 'start':
        return this.#start();
      case 'commit':
        return this.#commit();
      case 'abort':
        return this.#abort();
      case 'fetch':
        throw new SyscallFailure(code.wouldBlock);
      case 'claims':
        return this.#claimsOf(...(args as [bigint]));
      case 'rows': {
        const [iterator, bytesMax] = args as [number, number];
        const target = new Uint8Array(bytesMax);
        const length = this.#data.advance(iterator, target);
        return [length, target.slice(0, Math.abs(length))];
      }
      default: {
        const result = (this.#data[name] as (...args: readonly unknown[]) => unknown).apply(this.#data, [...args]);
        return result instanceof Uint8Array ? result.slice() : result;
      }
    }
  }

  #claimsOf(connectionId: bigint): string {
    const job = this.#running?.job;
    const isOwn = job?.kind === 'procedure' && job.connectionId === connectionId;
    return isOwn ? job.claims : this.#parts.host.claims(connectionId);
  }

  #start(): bigint {
    if (this.#open !== undefined) throw new SyscallFailure(code.wouldBlock);
    const job = this.#running?.job;
    assert(job, 'a thread opens a transaction while it has no job');
    const { tx, timestampMicros } = this.#parts.transactions.begin(job);
    this.#open = { tx, job, timestampMicros };
    this.#data.begin(tx, timestampMicros);
    return timestampMicros;
  }

  #commit(): void {
    const { tx, job, timestampMicros } = this.#take();
    try {
      this.#parts.transactions.commit(tx, job, timestampMicros);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      throw new SyscallFailure(code.hostCallFailure, `The transaction could not be committed: ${error.message}`);
    }
  }

  #abort(): void {
    this.#parts.transactions.abort(this.#take().tx);
  }

  /** The open transaction, which from now on is not the thread's any more. */
  #take(): OpenTransaction {
    const open = this.#open;
    if (open === undefined) throw new SyscallFailure(code.notInTransaction);
    this.#open = undefined;
    this.#data.end();
    return open;
  }

  async #fetch(args: readonly unknown[]): Promise<void> {
    this.#isRequesting = true;
    this.#parts.onRequest();
    try {
      const value = await this.#parts.outbound.send(...(args as [Uint8Array, Uint8Array]));
      this.#answer(() => value);
    } catch (error) {
      this.#answer(() => {
        throw error;
      });
    } finally {
      this.#isRequesting = false;
    }
  }

  #answer(perform: () => unknown): void {
    const answer = answerOf(perform);
    if (!this.#hasEnded) this.#line.answer(answer);
  }

  /** Takes the end of the present job. */
  #finish(): Running | undefined {
    if (this.#open !== undefined) {
      const { job } = this.#open;
      this.#log(`${this.#what(job)} ended with a transaction open, which was undone.`, job);
    }
    return this.#settle();
  }

  /** The present job is over; a transaction that it left open is undone. */
  #settle(): Running | undefined {
    const running = this.#running;
    this.#running = undefined;
    this.#timer?.cancel();
    this.#worker.unref();
    if (this.#open !== undefined) this.#abort();
    return running;
  }

  #crashed(error: Error): void {
    const job = this.#running?.job;
    if (job !== undefined && (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
      const { heapMegabytesMax } = this.#parts.limits;
      const text = `${this.#what(job)} needed more than ${heapMegabytesMax} MB of memory and was ended.`;
      this.#end(new ProcedureFailure('reducer-failed', text));
    } else {
      const text = `The procedure thread crashed: ${error.stack ?? error.message}`;
      this.#end(new ProcedureFailure('reducer-failed', fatalMessage), text);
    }
  }

  /** The thread is of no more use. */
  #end(why: Rejection, logged = why.message): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const running = this.#settle();
    if (running !== undefined) {
      this.#log(logged, running.job);
      running.reject(why);
    }
    this.#line.close();
    void this.#worker.terminate();
  }

  #what(job: Job): string {
    const { def } = this.#parts.host.catalog;
    return job.kind === 'procedure'
      ? `The procedure \`${def.procedures[job.id]?.name}\``
      : `The HTTP handler \`${def.httpHandlers[job.id]}\``;
  }

  #log(message: string, job: Job): void {
    this.#parts.host.log({ level: 'Error', ts: job.timestampMicros, message });
  }
}

function answerOf(perform: () => unknown): Answer {
  try {
    return { kind: 'value', value: perform() };
  } catch (error) {
    if (error instanceof BufferTooSmall) return { kind: 'too-small', bytesNeeded: error.bytesNeeded };
    const failure = failureOf(error);
    if (failure !== undefined) return { kind: 'failure', code: failure.code, message: failure.message };
    return { kind: 'fatal', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
