import { performance } from 'node:perf_hooks';
import { SenderError } from 'spacetimedb';
import type { SummaryBody } from '../../bindings/types.ts';
import { LimbError, messageOf } from '../errors.ts';
import type { Skill } from '../skills/skill.ts';
import { cleanText, clip } from '../text.ts';
import type { Link } from './connection.ts';
import type { Log } from './log.ts';
import { Progress } from './progress.ts';

export interface WorkOptions {
  readonly link: Link;
  readonly skills: readonly Skill[];
  /** How many tasks at once. */
  readonly capacity: number;
  readonly log: Log;
}

interface Lease {
  readonly taskId: bigint;
  readonly tenantId: bigint;
  readonly skill: string;
  readonly attempt: number;
}

interface Run {
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

const errorCharsMax = 1000;
const claimAgainMs = 1000;

/**
 * Keeps one rule over one connection: there is a run for each lease that the limb holds and none without, and while there
 * are free slots an offer is claimed for each. What the replica shows decides; nothing is remembered beside it, so leases
 * that outlived an earlier connection are taken up like new ones.
 */
export class Work {
  readonly #options: WorkOptions;
  readonly #skills: ReadonlyMap<string, Skill>;
  /** By task and attempt. A run that has reported stays until its lease is gone. */
  readonly #runs = new Map<string, Run>();
  readonly #claiming = new Set<bigint>();
  #isClaiming = true;
  #isScheduled = false;
  #isOver = false;

  constructor(options: WorkOptions) {
    this.#options = options;
    this.#skills = new Map(options.skills.map((skill) => [skill.name, skill]));
    const { db } = options.link.connection;
    for (const table of [db.leases, db.leaseInputs, db.offers]) {
      table.onInsert(() => this.#schedule());
      table.onDelete(() => this.#schedule());
    }
    db.leases.onUpdate(() => this.#schedule());
    this.#schedule();
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
      if (!this.#isOver) this.#reconcile();
    });
  }

  #reconcile(): void {
    const { db } = this.#options.link.connection;
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
      if (input !== undefined && !this.#runs.has(keyOf(lease))) this.#runs.set(keyOf(lease), this.#start(lease, input));
    }
    if (this.#isClaiming) this.#claim(leases.length);
  }

  #claim(heldCount: number): void {
    const free = this.#options.capacity - heldCount - this.#claiming.size;
    if (free <= 0) return;
    const offers = [...this.#options.link.connection.db.offers.iter()]
      .filter((offer) => !this.#claiming.has(offer.taskId) && this.#skills.has(offer.skill))
      .sort((a, b) => Number(a.queuedAt.microsSinceUnixEpoch - b.queuedAt.microsSinceUnixEpoch));
    // Old ones first, but not all limbs the same one: only one of them would get it.
    for (const offer of shuffled(offers.slice(0, free * 4)).slice(0, free)) void this.#claimOne(offer.taskId);
  }

  async #claimOne(taskId: bigint): Promise<void> {
    this.#claiming.add(taskId);
    try {
      // Whether it was won shows in the leases; a faster limb is no error.
      await this.#options.link.connection.reducers.claimTask({ taskId });
    } catch (error) {
      this.#options.log('warn', `Task ${taskId} could not be claimed: ${messageOf(error)}`);
      await new Promise((resolve) => setTimeout(resolve, claimAgainMs));
    } finally {
      this.#claiming.delete(taskId);
      this.#schedule();
    }
  }

  #start(lease: Lease, input: string): Run {
    const controller = new AbortController();
    const ended = this.#run(lease, input, controller).catch((error) => {
      if (controller.signal.aborted) return;
      this.#options.log('error', `Task ${lease.taskId} could not be reported: ${messageOf(error)}`);
    });
    return { controller, ended };
  }

  async #run(lease: Lease, input: string, controller: AbortController): Promise<void> {
    const { log, link } = this.#options;
    const { reducers } = link.connection;
    const { taskId, attempt } = lease;
    const { signal } = controller;
    const startedMs = performance.now();
    const progress = new Progress((line) =>
      reducers.reportProgress({ taskId, attempt, line }).catch((error) => {
        if (isStale(error)) controller.abort(error);
        else log('warn', `Progress of task ${taskId} was refused: ${messageOf(error)}`);
      }),
    );
    progress.push('Started');
    log('info', `Task ${taskId} (${lease.skill}) started`);
    const took = () => `after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
    let summary: SummaryBody;
    try {
      summary = await this.#work(lease, input, signal, (line) => progress.push(line));
    } catch (error) {
      await progress.end();
      if (signal.aborted) {
        log('info', `Task ${taskId} dropped ${took()}: ${messageOf(signal.reason)}`);
        return;
      }
      log('warn', `Task ${taskId} failed ${took()}: ${messageOf(error)}`);
      await this.#fail(lease, error);
      return;
    }
    await progress.end();
    if (signal.aborted) return;
    try {
      await reducers.completeTask({ taskId, attempt, summary });
      log('info', `Task ${taskId} done ${took()}`);
    } catch (error) {
      if (isStale(error)) return;
      log('error', `The summary of task ${taskId} was refused: ${messageOf(error)}`);
      await this.#fail(lease, error);
    }
  }

  async #work(
    lease: Lease,
    input: string,
    signal: AbortSignal,
    progress: (line: string) => void,
  ): Promise<SummaryBody> {
    const skill = this.#skills.get(lease.skill);
    if (!skill) {
      throw new LimbError('no-such-skill', `This limb has no skill ${lease.skill} any more.`, { isRetryable: true });
    }
    const summary = await skill.run(parseInput(input), { tenant: lease.tenantId.toString(), signal, progress });
    signal.throwIfAborted();
    return summary;
  }

  async #fail({ taskId, attempt }: Lease, error: unknown): Promise<void> {
    const isRetryable = error instanceof LimbError && error.isRetryable;
    const message = clip(cleanText(messageOf(error)), errorCharsMax);
    try {
      await this.#options.link.connection.reducers.failTask({ taskId, attempt, error: message, isRetryable });
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

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
