import type { Origin } from './call.ts';
import { Rejection } from './errors.ts';
import type { Clock } from './host/clock.ts';
import type { ProcedureDef } from './module/definition.ts';
import type { LoadedModule, ModuleHost } from './module/instance.ts';
import { decodeResponse, encodeRequest } from './module/procedures/http-wire.ts';
import type { Job } from './module/procedures/messages.ts';
import { ProcedureFailure } from './module/procedures/partner.ts';
import { type PoolOptions, ProcedurePool } from './module/procedures/pool.ts';
import type { RouteRequest, RouteResponse } from './serve/contract.ts';
import type { Transaction } from './store/contract.ts';

/** Transactions of the engine for whoever is not one function from their start to their end. */
export interface OpenTransactions {
  begin(): Transaction;
  /** Ends the transaction in any case. @throws Rejection that says why nothing of it is left */
  commit(tx: Transaction, origin: Origin): void;
  rollback(): void;
}

export interface ProceduresParts {
  readonly module: LoadedModule;
  readonly host: ModuleHost;
  readonly transactions: OpenTransactions;
  readonly clock: Clock;
  readonly options: PoolOptions;
}

/** The procedures and HTTP handlers of one module at work. Threads are started when the first of them is called. */
export class Procedures {
  readonly #parts: ProceduresParts;
  readonly #running = new Set<string>();
  #pool: ProcedurePool | undefined;
  #isClosed = false;

  constructor(parts: ProceduresParts) {
    this.#parts = parts;
  }

  /** @returns the BSATN of what the procedure returns. @throws ProcedureFailure, Rejection `busy`, `closed` */
  async call(procedure: ProcedureDef, origin: Origin, args: Uint8Array): Promise<Uint8Array> {
    const { identity, connectionId, timestampMicros } = origin;
    return await this.#threads.call(procedure.id, identity, connectionId, timestampMicros, args);
  }

  /** Calls a procedure unless what was called under the same key is running still. */
  async callAlone(key: string, procedure: ProcedureDef, origin: Origin, args: Uint8Array): Promise<void> {
    if (this.#running.has(key)) return;
    this.#running.add(key);
    try {
      await this.call(procedure, origin, args);
    } finally {
      this.#running.delete(key);
    }
  }

  /** Answers a request. @throws ProcedureFailure, Rejection `busy`, `closed` */
  async handle(handler: number, { method, uri, headers, body }: RouteRequest): Promise<RouteResponse> {
    const { clock, host } = this.#parts;
    const request = encodeRequest({
      method,
      headers: headers.map(([name, value]) => [name, Buffer.from(value).toString()]),
      timeoutMicros: undefined,
      uri,
      version: '1.1',
    });
    const [bytes, content] = await this.#threads.handle(handler, clock.nowMicros(), request, body);
    const { status, headers: answered } = decodeResponse(bytes);
    if (status < 200 || status > 599) {
      const name = host.catalog.def.httpHandlers[handler];
      const message = `The HTTP handler \`${name}\` answered with status ${status}, expected 200 to 599.`;
      host.log({ level: 'Error', ts: clock.nowMicros(), message });
      throw new ProcedureFailure('reducer-failed', message);
    }
    return { status, headers: answered.map(([name, value]) => [name, Buffer.from(value)]), body: content };
  }

  /** Ends what runs and takes nothing more. @param why for whoever waits for an answer */
  async close(why?: string): Promise<void> {
    this.#isClosed = true;
    await this.#pool?.close(why);
  }

  get #threads(): ProcedurePool {
    if (this.#isClosed) throw new Rejection('closed', 'The database is shutting down.');
    const { module, host, clock, options, transactions } = this.#parts;
    this.#pool ??= new ProcedurePool(
      module,
      host,
      {
        begin: () => ({ tx: transactions.begin(), timestampMicros: clock.nowMicros() }),
        commit: (tx, job, timestampMicros) => transactions.commit(tx, this.#originOf(job, timestampMicros)),
        abort: () => transactions.rollback(),
      },
      clock,
      options,
    );
    return this.#pool;
  }

  #originOf(job: Job, timestampMicros: bigint): Origin {
    const { procedures, httpHandlers } = this.#parts.host.catalog.def;
    const name = job.kind === 'procedure' ? procedures[job.id]?.name : httpHandlers[job.id];
    const { sender, connectionId } = job.kind === 'procedure' ? job : { sender: 0n, connectionId: 0n };
    return { name: `${job.kind}:${name}`, identity: sender, connectionId, timestampMicros };
  }
}
