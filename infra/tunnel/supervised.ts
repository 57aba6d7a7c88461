import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, backoffMs } from './backoff.ts';
import { messageOf, TunnelError } from './errors.ts';
import { type GuardedProcess, startGuarded } from './process/guard.ts';
import type { Launch, Provider } from './providers/provider.ts';
import type { Tunnel, TunnelHealth, TunnelState, TunnelStatus } from './tunnel.ts';

/** Asks through the tunnel; rejects when no true answer came. */
export type Probe = (address: string, signal: AbortSignal) => Promise<void>;

export interface SupervisedOptions {
  readonly provider: Provider;
  /** The port of 127.0.0.1 that the tunnel leads to. */
  readonly port: number;
  readonly probe: Probe;
  /** Between two starts; default 1 s to 60 s. */
  readonly backoff?: Backoff;
  /** How long it may take from a start to the first answer; default 60 s. */
  readonly startMsMax?: number;
  /** Between two requests through a tunnel that is up; default 15 s. */
  readonly healthMs?: number;
  /** How long one request may take; default 10 s. */
  readonly probeMsMax?: number;
  readonly random?: () => number;
}

const stopMsMax = 4000;
const startProbeMs = 500;
/** As many requests in a row may fail before the program is started anew. */
const unhealthyMax = 3;
/** A tunnel that was up this long begins its backoff anew. */
const steadyMs = 60_000;

/** Keeps one program running. */
export class SupervisedTunnel implements Tunnel {
  readonly #options: SupervisedOptions;
  readonly #listeners = new Set<(status: TunnelStatus) => void>();
  #status: TunnelStatus = status('stopped');
  #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #hasBeenUp = false;

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  get status(): TunnelStatus {
    return this.#status;
  }

  onChange(listener: (status: TunnelStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): Promise<void> {
    if (this.#running)
      return Promise.reject(new TunnelError('tunnel-running', 'The tunnel runs already: stop it first'));
    this.#stopping = new AbortController();
    this.#hasBeenUp = false;
    return new Promise<void>((resolve, reject) => {
      const stopListening = this.onChange(({ state }) => {
        if (state === 'up') resolve();
      });
      this.#running = this.#keep()
        .then(() => reject(new TunnelError('tunnel-stopped', 'The tunnel was stopped before it was up')), reject)
        .finally(() => {
          stopListening();
          this.#running = undefined;
        });
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    if (this.#status.state !== 'failed') this.#change({ state: 'stopped' });
  }

  async health(): Promise<TunnelHealth> {
    const { address } = this.#status;
    if (address === undefined) return { isHealthy: false, error: 'The tunnel has no address yet' };
    const { probe, probeMsMax = 10_000 } = this.#options;
    const startedMs = performance.now();
    try {
      await probe(address, AbortSignal.any([AbortSignal.timeout(probeMsMax), this.#stopping.signal]));
      return { isHealthy: true, roundTripMs: performance.now() - startedMs };
    } catch (error) {
      return { isHealthy: false, error: `No answer came through ${address}: ${messageOf(error)}` };
    }
  }

  async #keep(): Promise<void> {
    const { backoff = { msMin: 1000, msMax: 60_000 }, random = Math.random } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 1; !signal.aborted; failures++) {
      const upMs = await this.#runOnce();
      if (signal.aborted) return;
      if (upMs >= steadyMs) failures = 1;
      this.#change({ state: 'waiting' });
      await sleep(backoffMs(backoff, failures, random), undefined, { signal }).catch(() => {});
      this.#change({ restartCount: this.#status.restartCount + 1 });
    }
  }

  /** From a start of the program to its end; returns how long it was up. @throws TunnelError when it is of no use */
  async #runOnce(): Promise<number> {
    let run: Run;
    try {
      const launch = await this.#options.provider.launch(this.#options.port);
      if (this.#stopping.signal.aborted) return 0;
      run = new Run(launch, (address) => this.#change({ address }));
    } catch (error) {
      return this.#failed(messageOf(error), !this.#hasBeenUp, error);
    }
    this.#change({ state: 'starting', address: run.launch.address });
    const firstUpMs = await this.#watch(run);
    await run.process.stop(stopMsMax);
    if (this.#stopping.signal.aborted) return 0;
    const { problem } = run;
    this.#failed(problem?.message ?? run.lastWords, problem?.isFinal === true && !this.#hasBeenUp);
    return firstUpMs === undefined ? 0 : performance.now() - firstUpMs;
  }

  /** Until the program has ended or answers no more; returns since when it was up. */
  async #watch(run: Run): Promise<number | undefined> {
    const { startMsMax = 60_000, healthMs = 15_000 } = this.#options;
    const signal = AbortSignal.any([this.#stopping.signal, run.over]);
    const startedMs = performance.now();
    let firstUpMs: number | undefined;
    let failures = 0;
    while (!signal.aborted) {
      const health = await this.health();
      if (signal.aborted) break;
      if (health.isHealthy) {
        firstUpMs ??= performance.now();
        failures = 0;
        run.problem = undefined;
        this.#hasBeenUp = true;
        this.#change({ state: 'up', lastError: undefined });
      } else if (firstUpMs === undefined) {
        if (performance.now() - startedMs > startMsMax) run.fail(health.error);
      } else {
        failures++;
        this.#change({ state: 'unhealthy', lastError: health.error });
        if (failures >= unhealthyMax) run.fail(health.error);
      }
      const pauseMs = health.isHealthy ? healthMs : Math.min(startProbeMs, healthMs);
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
    return firstUpMs;
  }

  #failed(message: string, isFinal: boolean, cause?: unknown): 0 {
    this.#change({ lastError: message, ...(isFinal ? { state: 'failed' as const } : {}) });
    if (isFinal) throw cause instanceof TunnelError ? cause : new TunnelError('tunnel-failed', message, { cause });
    return 0;
  }

  #change(change: Partial<TunnelStatus>): void {
    const before = this.#status;
    const sinceMs = change.state !== undefined && change.state !== before.state ? Date.now() : before.sinceMs;
    this.#status = { ...before, ...change, sinceMs };
    const isSame = (Object.keys(before) as (keyof TunnelStatus)[]).every((key) => before[key] === this.#status[key]);
    if (isSame) return;
    for (const listener of [...this.#listeners]) listener(this.#status);
  }
}

/** One run of a tunnel's program. */
class Run {
  readonly launch: Launch;
  readonly process: GuardedProcess;
  problem: { readonly message: string; readonly isFinal: boolean } | undefined;
  readonly #over = new AbortController();
  #lastLine = '';
  #exitCode: number | undefined;

  constructor(launch: Launch, onAddress: (address: string) => void) {
    this.launch = launch;
    this.process = startGuarded({
      command: launch.command,
      args: launch.args,
      env: { ...usualEnvironment(), ...launch.env },
      onLine: (line) => {
        const sign = launch.read(line);
        if (sign?.kind === 'address') onAddress(sign.address);
        // What it said first is the cause of what it says next.
        else if (sign?.kind === 'problem') this.problem ??= { ...sign, message: this.#redact(sign.message) };
        this.#lastLine = this.#redact(line);
      },
    });
    void this.process.ended.then((code) => {
      this.#exitCode = code;
      this.#over.abort();
    });
  }

  /** Aborts when it is of no further use. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  fail(message: string): void {
    this.problem ??= { message, isFinal: false };
    this.#over.abort();
  }

  get lastWords(): string {
    const how = this.#exitCode === undefined ? 'was killed' : `ended with exit code ${this.#exitCode}`;
    return `${this.launch.command} ${how}${this.#lastLine === '' ? '' : `; its last words: ${this.#lastLine}`}`;
  }

  #redact(text: string): string {
    const secrets = (this.launch.secrets ?? []).filter((secret) => secret !== '');
    return secrets.reduce((clean, secret) => clean.replaceAll(secret, '[secret]'), text).slice(0, 500);
  }
}

function usualEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'USER', 'LANG', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'HTTPS_PROXY', 'NO_PROXY'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function status(state: TunnelState): TunnelStatus {
  return { state, address: undefined, lastError: undefined, restartCount: 0, sinceMs: Date.now() };
}
