import { performance } from 'node:perf_hooks';
import { SenderError } from 'spacetimedb';
import type { SummaryBody } from '../../bindings/types.ts';
import { LimbError, messageOf } from '../errors.ts';
import type { EarlierTurn, Skill } from '../skills/skill.ts';
import { cleanText, clip } from '../text.ts';
import { spendingOf } from './budget.ts';
import type { Link } from './connection.ts';
import { earlierTurns } from './earlier-turns.ts';
import { orEnded } from './enrol.ts';
import type { Log } from './log.ts';
import { Progress } from './progress.ts';

export interface WorkOptions {
  /** Whose skills may come and go. */
  readonly equipment: { readonly skills: readonly Skill[] };
  readonly log: Log;
  /** Takes the secrets of this limb out of what it says of a failure. */
  readonly redact: (text: string) => string;
  /** Has what is sent meanwhile noted as the task's. */
  readonly during: <T>(taskId: bigint, work: () => Promise<T>) => Promise<T>;
}

type Reducers = Link['connection']['reducers'];

interface Lease {
  readonly taskId: bigint;
  readonly tenantId: bigint;
  readonly skill: string;
  readonly attempt: number;
}

/** What there is to work with. */
interface Given {
  readonly input: string;
  readonly history: readonly EarlierTurn[];
}

interface Run {
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

const errorCharsMax = 1000;

/**
 * Keeps one rule, over one connection after the other: there is a run for each lease that the limb holds and none without,
 * and every offer is claimed. What the replica shows decides. While there is no connection the runs go on: a limb that is
 * back in time still holds its leases, and what it has to report waits until then.
 */
export class Work {
  readonly #options: WorkOptions;
  /** By task and attempt. A run that has reported stays until its lease is gone. */
  readonly #runs = new Map<string, Run>();
  readonly #claiming = new Set<bigint>();
  #link: Link | undefined;
  #wake: () => void = () => {};
  #linked = new Promise<void>((resolve) => {
    this.#wake = resolve;
  });
  #isClaiming = true;
  #isScheduled = false;
  #isOver = false;

  constructor(options: WorkOptions) {
    this.#options = options;
  }

  /** Works over a connection on which the limb has been announced, until `detach`. */
  attach(link: Link): void {
    this.#link = link;
    this.#claiming.clear();
    this.#wake();
    const { db } = link.connection;
    for (const table of [db.leases, db.leaseInputs, db.offers]) {
      table.onInsert(() => this.#schedule());
      table.onDelete(() => this.#schedule());
    }
    db.leases.onUpdate(() => this.#schedule());
    this.#schedule();
  }

  /** The connection has ended. */
  detach(): void {
    if (!this.#link) return;
    this.#link = undefined;
    this.#linked = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Claims nothing more and waits for what runs, at most `graceMs`; then drops the rest. */
  async finish(graceMs: number): Promise<void> {
    this.#isClaiming = false;
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([Promise.all([...this.#runs.values()].map((run) => run.ended)), grace]);
    clearTimeout(timer);
    this.drop('the limb is stopped');
  }

  /** Ends all runs without a report: the hub gives their tasks to another limb. */
  drop(reason: string): void {
    this.#isOver = true;
    for (const run of this.#runs.values()) run.controller.abort(new LimbError('dropped', reason));
    this.#runs.clear();
  }

  /** Several rows of one commit lead to one look at the replica. */
  #schedule(): void {
    if (this.#isScheduled || this.#isOver) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (!this.#isOver && this.#link) this.#reconcile(this.#link);
    });
  }

  #reconcile(link: Link): void {
    const { db } = link.connection;
    const leases = [...db.leases.iter()];
    const held = new Set(leases.map(keyOf));
    for (const [key, run] of this.#runs) {
      if (held.has(key)) continue;
      run.controller.abort(new LimbError('lease-lost', 'the task was cancelled or given to another limb'));
      this.#runs.delete(key);
    }
    const inputs = new Map([...db.leaseInputs.iter()].map((row) => [row.taskId, row.input]));
    for (const lease of leases) {
      const input = inputs.get(lease.taskId);
      if (input === undefined || this.#runs.has(keyOf(lease))) continue;
      const history = earlierTurns(db.leaseHistory.iter(), lease.taskId);
      this.#runs.set(keyOf(lease), this.#start(lease, { input, history }));
    }
    if (!this.#isClaiming) return;
    for (const offer of db.offers.iter()) {
      if (!this.#claiming.has(offer.taskId) && this.#skillOf(offer)) void this.#claim(link, offer.taskId);
    }
  }

  #skillOf({ skill }: { readonly skill: string }): Skill | undefined {
    return this.#options.equipment.skills.find(({ name }) => name === skill);
  }

  async #claim(link: Link, taskId: bigint): Promise<void> {
    this.#claiming.add(taskId);
    try {
      // Whether it was won shows in the leases: an offer that was taken back meanwhile is no error.
      await orEnded(link, link.connection.reducers.claimTask({ taskId }));
    } catch (error) {
      if (this.#link === link) this.#options.log('warn', `Task ${taskId} could not be claimed: ${messageOf(error)}`);
    } finally {
      this.#claiming.delete(taskId);
    }
  }

  /** Makes a call and settles with the hub's answer; without one, because the connection ended, it is made again. */
  async #report(signal: AbortSignal, call: (reducers: Reducers) => Promise<void>): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const link = this.#link;
      try {
        if (link) return await orEnded(link, call(link.connection.reducers));
        await untilAborted(this.#linked, signal);
      } catch (error) {
        if (!(error instanceof LimbError) || error.code !== 'disconnected') throw error;
        if (this.#link === link) this.detach();
      }
    }
  }

  #start(lease: Lease, given: Given): Run {
    const controller = new AbortController();
    const ended = this.#run(lease, given, controller).catch((error) => {
      if (controller.signal.aborted) return;
      this.#options.log('error', `Task ${lease.taskId} could not be reported: ${messageOf(error)}`);
    });
    return { controller, ended };
  }

  async #run(lease: Lease, given: Given, controller: AbortController): Promise<void> {
    const { log } = this.#options;
    const { taskId, attempt } = lease;
    const { signal } = controller;
    const startedMs = performance.now();
    const tell = (call: (reducers: Reducers) => Promise<void>) =>
      this.#report(signal, call).catch((error) => {
        if (isStale(error)) controller.abort(error);
        else if (!signal.aborted) log('warn', `Progress of task ${taskId} was refused: ${messageOf(error)}`);
      });
    const progress = new Progress({
      stream: (pieces) => tell((reducers) => reducers.streamProgress({ taskId, attempt, pieces })),
      keep: (pieces) => tell((reducers) => reducers.reportProgress({ taskId, attempt, pieces })),
    });
    progress.line('Started');
    log('info', `Task ${taskId} (${lease.skill}) started`);
    const took = () => `after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
    let summary: SummaryBody;
    try {
      summary = await this.#work(lease, given, signal, progress);
    } catch (error) {
      await progress.end();
      if (signal.aborted) {
        log('info', `Task ${taskId} dropped ${took()}: ${messageOf(signal.reason)}`);
        return;
      }
      log('warn', `Task ${taskId} failed ${took()}: ${messageOf(error)}`);
      await this.#fail(lease, error, signal);
      return;
    }
    await progress.end();
    if (signal.aborted) return;
    try {
      await this.#report(signal, (reducers) => reducers.completeTask({ taskId, attempt, summary }));
      log('info', `Task ${taskId} done ${took()}`);
    } catch (error) {
      if (isStale(error) || signal.aborted) return;
      log('error', `The summary of task ${taskId} was refused: ${messageOf(error)}`);
      await this.#fail(lease, error, signal);
    }
  }

  async #work(lease: Lease, given: Given, signal: AbortSignal, progress: Progress): Promise<SummaryBody> {
    const skill = this.#skillOf(lease);
    if (!skill) {
      throw new LimbError('no-such-skill', `This limb has no skill ${lease.skill} any more.`, { isRetryable: true });
    }
    const spend = spendingOf(lease, (call) => this.#report(signal, call));
    const context = {
      tenant: lease.tenantId.toString(),
      history: given.history,
      signal,
      progress: (line: string) => progress.line(line),
      tellText: () => progress.text(),
      spend,
    };
    const input = parseInput(given.input);
    const summary = await this.#options.during(lease.taskId, () => skill.run(input, context));
    signal.throwIfAborted();
    return summary;
  }

  async #fail({ taskId, attempt }: Lease, error: unknown, signal: AbortSignal): Promise<void> {
    const isRetryable = error instanceof LimbError && error.isRetryable;
    const message = clip(cleanText(this.#options.redact(messageOf(error))), errorCharsMax);
    try {
      await this.#report(signal, (reducers) => reducers.failTask({ taskId, attempt, error: message, isRetryable }));
    } catch (refusal) {
      if (!isStale(refusal)) throw refusal;
    }
  }
}

function keyOf(lease: Lease): string {
  return `${lease.taskId}/${lease.attempt}`;
}

function isStale(error: unknown): boolean {
  return error instanceof SenderError && error.message.startsWith('stale-attempt');
}

function parseInput(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    throw new LimbError('invalid-input', 'The input is not JSON.');
  }
}

function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, reject);
  });
}
