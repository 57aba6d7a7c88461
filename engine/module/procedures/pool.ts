import { Rejection } from '../../errors.ts';
import type { Clock } from '../../host/clock.ts';
import { builtThread } from '../../host/node/built-thread.ts';
import type { LoadedModule, ModuleHost } from '../instance.ts';
import type { Egress } from './fetch.ts';
import type { Job } from './messages.ts';
import { LazyOutbound, type Outbound } from './outbound.ts';
import { Partner, type PartnerParts, type ProcedureLimits, type ProcedureTransactions } from './partner.ts';

export interface PoolOptions extends Partial<ProcedureLimits> {
  /** How many procedures run at once, those not counted that wait for an answer; more wait their turn. 4 by default. */
  readonly threadsMax?: number;
  /** How many may wait. 1024 by default. */
  readonly waitingMax?: number;
  /** Public addresses only by default. */
  readonly egress?: Egress;
  /** Answers in place of the network. */
  readonly outbound?: Outbound;
  /** Measures `callMsMax`; that of the database by default. */
  readonly clock?: Clock;
  /** The built code of the thread; that of the package by default. */
  readonly threadEntry?: URL;
}

interface Waiting {
  readonly job: Job;
  readonly resolve: (parts: Promise<readonly Uint8Array[]>) => void;
  readonly reject: (why: Error) => void;
}

/** Threads whose procedures wait for the answer to a request, beyond which they count as any other. */
const requestingMax = 28;

const limitsDefault: ProcedureLimits = { callMsMax: 600_000, transactionMsMax: 10_000, heapMegabytesMax: 512 };

/** Runs a module's procedures and HTTP handlers in threads, each with an instance of the module of its own. */
export class ProcedurePool {
  readonly #parts: PartnerParts;
  readonly #threadsMax: number;
  readonly #waitingMax: number;
  #idle: Partner[] = [];
  readonly #busy = new Set<Partner>();
  #waiting: Waiting[] = [];
  /** Why no more is taken. */
  #closed: Rejection | undefined;

  constructor(
    module: LoadedModule,
    host: ModuleHost,
    transactions: ProcedureTransactions,
    clock: Clock,
    options: PoolOptions = {},
  ) {
    const { threadsMax = 4, waitingMax = 1024, egress = 'public', threadEntry, ...rest } = options;
    const { outbound = new LazyOutbound(() => network(egress)), clock: ownClock = clock, ...limits } = rest;
    this.#threadsMax = threadsMax;
    this.#waitingMax = waitingMax;
    this.#parts = {
      ...{ module, host, transactions, outbound, clock: ownClock },
      threadEntry: threadEntry ?? builtThread('module-procedures'),
      limits: { ...limitsDefault, ...limits },
      onRequest: () => this.#startWaiting(),
    };
  }

  /** @returns the BSATN of what the procedure returns. @throws ProcedureFailure, Rejection `busy`, `closed` */
  async call(
    id: number,
    sender: bigint,
    connectionId: bigint,
    timestampMicros: bigint,
    args: Uint8Array,
  ): Promise<Uint8Array> {
    const claims = this.#parts.host.claims(connectionId);
    const job: Job = { kind: 'procedure', id, sender, connectionId, timestampMicros, args, claims };
    const [value] = await this.#submit(job);
    return value ?? new Uint8Array();
  }

  /**
   * Answers one HTTP request; `request` is the BSATN of encodeRequest.
   * @returns the response, for decodeResponse, and its body
   * @throws ProcedureFailure, Rejection `busy`, `closed`
   */
  async handle(
    id: number,
    timestampMicros: bigint,
    request: Uint8Array,
    body: Uint8Array,
  ): Promise<readonly [response: Uint8Array, body: Uint8Array]> {
    const parts = await this.#submit({ kind: 'handler', id, timestampMicros, request, body });
    return [parts[0] ?? new Uint8Array(), parts[1] ?? new Uint8Array()];
  }

  /** Ends every thread; what runs or waits fails. @param why for whoever waits; by default that all shuts down */
  async close(why = 'The database is shutting down.'): Promise<void> {
    const closed = new Rejection('closed', why);
    this.#closed = closed;
    for (const { reject } of this.#waiting.splice(0)) reject(closed);
    await Promise.all([...this.#idle, ...this.#busy].map((partner) => partner.close(closed)));
    await this.#parts.outbound.close();
  }

  #submit(job: Job): Promise<readonly Uint8Array[]> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const partner = this.#hasRoom ? (this.#takeIdle() ?? new Partner(this.#parts)) : undefined;
    if (partner !== undefined) return this.#run(partner, job);
    if (this.#waiting.length >= this.#waitingMax) {
      const why = `${this.#waiting.length} procedures wait already: try again later`;
      return Promise.reject(new Rejection('busy', why));
    }
    return new Promise((resolve, reject) => this.#waiting.push({ job, resolve, reject }));
  }

  /** A thread can have crashed while it had nothing to do. */
  #takeIdle(): Partner | undefined {
    this.#idle = this.#idle.filter((partner) => !partner.hasEnded);
    return this.#idle.pop();
  }

  /** Whether another procedure may run: those that wait for an answer keep nobody else waiting. */
  get #hasRoom(): boolean {
    const requesting = [...this.#busy].filter(({ isRequesting }) => isRequesting).length;
    return this.#busy.size - Math.min(requesting, requestingMax) < this.#threadsMax;
  }

  #startWaiting(): void {
    while (this.#hasRoom) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next.resolve(this.#run(this.#takeIdle() ?? new Partner(this.#parts), next.job));
    }
  }

  async #run(partner: Partner, job: Job): Promise<readonly Uint8Array[]> {
    this.#busy.add(partner);
    try {
      return await partner.run(job);
    } finally {
      this.#busy.delete(partner);
      this.#release(partner);
    }
  }

  #release(partner: Partner): void {
    if (this.#closed !== undefined) return;
    if (!partner.hasEnded) {
      if (this.#idle.length < this.#threadsMax) this.#idle.push(partner);
      else void partner.close(new Rejection('closed', 'The thread has nothing to do.'));
    }
    this.#startWaiting();
  }
}

async function network(egress: Egress): Promise<Outbound> {
  const { ModuleFetch } = await import('./fetch.ts');
  return new ModuleFetch(egress);
}
