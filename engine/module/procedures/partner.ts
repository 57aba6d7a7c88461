import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { Rejection } from '../../errors.ts';
import type { Clock, Timer } from '../../host/clock.ts';
import type { Transaction } from '../../store/contract.ts';
import { Datastore, failureOf } from '../datastore.ts';
import { BufferTooSmall, code, SyscallFailure } from '../failure.ts';
import { fatalMessage, type LoadedModule, type ModuleHost } from '../instance.ts';
import { BoundTables } from '../tables.ts';
import type { ModuleFetch } from './fetch.ts';
import type { Answer, FromThread, HostCalls, Job, ThreadData } from './messages.ts';

/** Transactions that a procedure opens and closes at will. Nobody else may write while one is open. */
export interface ProcedureTransactions {
  /** Waits for its turn. */
  begin(): Promise<{ readonly tx: Transaction; readonly timestampMicros: bigint }>;
  /** Ends the transaction also when it throws: then nothing of it is left. */
  commit(tx: Transaction): void;
  abort(tx: Transaction): void;
}

/** What a thread needs of its surroundings. */
export interface PartnerParts {
  readonly module: LoadedModule;
  readonly host: ModuleHost;
  readonly transactions: ProcedureTransactions;
  readonly clock: Clock;
  readonly fetch: ModuleFetch;
  readonly threadEntry: URL;
  readonly limits: ProcedureLimits;
}

export interface ProcedureLimits {
  /** How long one procedure or handler may take. */
  readonly callMsMax: number;
  /** How long it may hold a transaction open, in which everybody else waits. */
  readonly transactionMsMax: number;
  /** Memory of one thread. */
  readonly heapMegabytesMax: number;
}

/** A procedure that did not end well. The message is for the caller. */
export class ProcedureFailure extends Rejection {
  constructor(message: string, options?: ErrorOptions) {
    super('procedure', message, options);
  }
}

const loadMsMax = 10_000;

/** The host's side of one procedure thread: starts it, gives it jobs, and does for it what only the host can. */
export class Partner {
  readonly #parts: PartnerParts;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signal = new SharedArrayBuffer(4);
  readonly #data: Datastore;
  #tx: Transaction | undefined;
  #current:
    | { readonly resolve: (parts: readonly Uint8Array[]) => void; readonly reject: (why: Error) => void }
    | undefined;
  #nowMicros = 0n;
  #jobTimer: Timer | undefined;
  #transactionTimer: Timer | undefined;
  #hasEnded = false;

  constructor(parts: PartnerParts) {
    this.#parts = parts;
    this.#data = new Datastore(new BoundTables(parts.host.catalog, (table) => parts.host.reader(table)));
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const { compiled } = parts.module;
    const workerData: ThreadData = {
      ...{ compiled, identity: parts.host.identity, loadMsMax, port: port2, signal: this.#signal },
    };
    this.#worker = new Worker(parts.threadEntry, {
      name: 'module-procedures',
      workerData,
      transferList: [port2],
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: parts.limits.heapMegabytesMax },
    });
    this.#worker.on('error', (error) => this.#end(`The procedure thread crashed: ${error.stack ?? error.message}`));
    this.#worker.on('exit', () => this.#end('The procedure thread ended.'));
    this.#port.on('message', (message: FromThread) => void this.#receive(message));
    // A thread that waits for work does not keep the program running.
    this.#worker.unref();
    this.#port.unref();
  }

  /** Whether the thread is gone; it then takes no more jobs. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Runs one job at a time. @throws ProcedureFailure */
  run(job: Job): Promise<readonly Uint8Array[]> {
    const { callMsMax } = this.#parts.limits;
    this.#nowMicros = job.timestampMicros;
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#current = { resolve, reject };
      this.#jobTimer = this.#parts.clock.setTimer(callMsMax, () =>
        this.#end(`A procedure was ended because it ran longer than ${callMsMax} ms.`),
      );
      this.#worker.postMessage(job);
    });
  }

  async close(): Promise<void> {
    this.#end('The database is shutting down.');
    await this.#worker.terminate();
  }

  async #receive(message: FromThread): Promise<void> {
    if (this.#hasEnded) return;
    switch (message.kind) {
      case 'call':
        return this.#answer(await this.#call(message.name, message.args));
      case 'log':
        return this.#parts.host.log(message.record);
      case 'schedule':
        return this.#parts.host.scheduleImmediate(message.reducer, message.args);
      case 'done':
        return this.#settle()?.resolve(message.parts);
      case 'failed': {
        const text = message.outcome === 'rejected' ? message.message : fatalMessage;
        return this.#settle()?.reject(new ProcedureFailure(text));
      }
    }
  }

  async #call(name: keyof HostCalls, args: readonly unknown[]): Promise<Answer> {
    try {
      return { kind: 'value', value: await this.#perform(name, args) };
    } catch (error) {
      if (error instanceof BufferTooSmall) return { kind: 'too-small', bytesNeeded: error.bytesNeeded };
      const failure = failureOf(error);
      if (failure !== undefined) return { kind: 'failure', code: failure.code, message: failure.message };
      return { kind: 'fatal', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  }

  #perform(name: keyof HostCalls, args: readonly unknown[]): unknown {
    switch (name) {
      case 'start':
        return this.#start();
      case 'commit':
        return this.#commit();
      case 'abort':
        return this.#parts.transactions.abort(this.#take());
      case 'fetch':
        if (this.#tx !== undefined) throw new SyscallFailure(code.wouldBlock);
        return this.#parts.fetch.send(...(args as [Uint8Array, Uint8Array]));
      case 'claims':
        return this.#parts.host.claims(...(args as [bigint]));
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

  async #start(): Promise<bigint> {
    if (this.#tx !== undefined) throw new SyscallFailure(code.wouldBlock);
    const { tx, timestampMicros } = await this.#parts.transactions.begin();
    if (this.#hasEnded) {
      this.#parts.transactions.abort(tx);
      return timestampMicros;
    }
    this.#tx = tx;
    this.#data.begin(tx, timestampMicros);
    const { transactionMsMax } = this.#parts.limits;
    this.#transactionTimer = this.#parts.clock.setTimer(transactionMsMax, () =>
      this.#end(`A procedure was ended because it held a transaction open for longer than ${transactionMsMax} ms.`),
    );
    return timestampMicros;
  }

  #commit(): void {
    const tx = this.#take();
    try {
      this.#parts.transactions.commit(tx);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new SyscallFailure(code.hostCallFailure, `The transaction could not be committed: ${why}`);
    }
  }

  /** The open transaction, which from now on is not the thread's any more. */
  #take(): Transaction {
    const tx = this.#tx;
    if (tx === undefined) throw new SyscallFailure(code.notInTransaction);
    this.#tx = undefined;
    this.#transactionTimer?.cancel();
    this.#data.end();
    return tx;
  }

  #answer(answer: Answer): void {
    if (this.#hasEnded) return;
    this.#port.postMessage(answer);
    const signal = new Int32Array(this.#signal);
    Atomics.store(signal, 0, 1);
    Atomics.notify(signal, 0);
  }

  /** Ends the present job; a transaction that it left open is undone. */
  #settle(): { resolve(parts: readonly Uint8Array[]): void; reject(why: Error): void } | undefined {
    const current = this.#current;
    this.#current = undefined;
    this.#jobTimer?.cancel();
    this.#worker.unref();
    if (this.#tx !== undefined) {
      this.#log('A procedure ended with a transaction open, which was undone.');
      this.#parts.transactions.abort(this.#take());
    }
    return current;
  }

  /** The thread is of no more use. */
  #end(why: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const job = this.#current === undefined ? undefined : this.#settle();
    if (job !== undefined) this.#log(why);
    job?.reject(new ProcedureFailure(fatalMessage, { cause: new Error(why) }));
    this.#port.close();
    void this.#worker.terminate();
  }

  #log(message: string): void {
    this.#parts.host.log({ level: 'Error', ts: this.#nowMicros, message });
  }
}
