import { randomUUID } from 'node:crypto';
import type { Identity } from 'spacetimedb';
import { tables } from '../../bindings/index.ts';
import type { StreamPiece, Summary, Task, TaskTerms } from '../../bindings/types.ts';
import { assemble } from '../../web/src/lib/live/stream.ts';
import { Failure } from './failure.ts';
import { call, type Hub, subscribe } from './hub.ts';
import { untilAborted } from './interruption.ts';
import type { Watcher } from './watcher.ts';

export interface NewTask {
  readonly tenantId: bigint;
  readonly skill: string;
  readonly title: string;
  readonly input: unknown;
  /** The only limb that may work on it. */
  readonly target?: Identity;
  /** The answered task that it goes on with. */
  readonly follows?: bigint | undefined;
  /** The submitter's own key; a fresh one unless given. A task that exists already is followed, not submitted twice. */
  readonly reference?: string;
}

const noTerms: TaskTerms = {
  target: undefined,
  priority: 5,
  runAfter: undefined,
  deadline: undefined,
  attemptsMax: 0,
  dedupeKey: '',
  concurrencyKey: '',
  concurrencyMax: 0,
  labels: [],
  parent: undefined,
  needs: undefined,
  treeBudget: undefined,
};

const cancelMsMax = 2000;
/** What is streamed is kept within a second or so, and comes ten times a second. */
const streamedMax = 100;

/**
 * Submits a task and follows it to its end; `watcher` hears what goes on. An abort cancels the task.
 * @throws Failure when the task fails, is cancelled, or runs out of attempts.
 */
export async function runTask(hub: Hub, task: NewTask, signal: AbortSignal, watcher: Watcher): Promise<Summary> {
  const { db, reducers } = hub.connection;
  const reference = task.reference ?? randomUUID();
  const find = (): Task | undefined => {
    for (const row of db.tasks.iter()) if (row.reference === reference) return row;
    return undefined;
  };
  await subscribe(hub, [tables.limbs, tables.tasks.where((row) => row.reference.eq(reference))]);
  const { tenantId, skill, title, target, follows } = task;
  const given = { title, input: JSON.stringify(task.input), reference, terms: target && { ...noTerms, target } };
  const submitting =
    follows === undefined
      ? reducers.submitTask({ tenantId, skill, ...given })
      : reducers.followUp({ follows, ...given });
  await call(hub, submitting);
  const submitted = find();
  if (submitted === undefined) throw new Failure('The hub took the task but does not show it: look at `helix tasks`');

  const follower = new Follower(hub, submitted.id, watcher);
  try {
    const summary = await untilAborted(Promise.race([follower.follow(), hub.lost]), signal);
    watcher.end?.();
    return summary;
  } catch (error) {
    if (signal.aborted) {
      await cancel(hub, submitted.id);
      watcher.line(`task ${submitted.id} is cancelled`);
    }
    throw error;
  } finally {
    follower.stop();
  }
}

async function cancel(hub: Hub, taskId: bigint): Promise<void> {
  const late = new Promise<void>((resolve) => setTimeout(resolve, cancelMsMax));
  // The user wants to leave: what becomes of the request no longer matters to them.
  await Promise.race([hub.connection.reducers.cancelTask({ taskId }).catch(() => {}), late]);
}

/** Watches one task. */
class Follower {
  readonly #hub: Hub;
  readonly #taskId: bigint;
  readonly #watcher: Watcher;
  /** What was streamed; the newest of it may not be kept yet. */
  #streamed: StreamPiece[] = [];
  readonly #toldLines = new Set<string>();
  #isDue = false;
  #check: () => void = () => {};
  #toldState = '';
  readonly #onTask = (_: unknown, before: Task, after: Task): void => {
    if (after.id !== this.#taskId) return;
    if (before.state.tag !== after.state.tag) this.#tellState(after);
    this.#check();
  };
  readonly #onKept = (): void => this.#look();
  readonly #onStreamed = (_: unknown, piece: StreamPiece): void => {
    if (piece.taskId !== this.#taskId) return;
    this.#streamed = [...this.#streamed, piece].slice(-streamedMax);
    this.#look();
  };

  constructor(hub: Hub, taskId: bigint, watcher: Watcher) {
    this.#hub = hub;
    this.#taskId = taskId;
    this.#watcher = watcher;
  }

  async follow(): Promise<Summary> {
    const { db } = this.#hub.connection;
    const ended = new Promise<Summary>((resolve, reject) => {
      this.#check = () => {
        const task = db.tasks.id.find(this.#taskId);
        const summary = db.summaries.taskId.find(this.#taskId);
        if (task?.state.tag === 'Done') {
          if (summary !== null) resolve(summary);
        } else if (task && ['Failed', 'Dead', 'Cancelled'].includes(task.state.tag)) reject(failureOf(task));
      };
    });
    // It is awaited below; a rejection before that is not unhandled.
    ended.catch(() => {});
    db.tasks.onUpdate(this.#onTask);
    db.progress.onInsert(this.#onKept);
    db.stream.onInsert(this.#onStreamed);
    const task = db.tasks.id.find(this.#taskId);
    if (task !== null) this.#tellState(task);
    await subscribe(this.#hub, [
      tables.progress.where((row) => row.taskId.eq(this.#taskId)),
      tables.stream.where((row) => row.taskId.eq(this.#taskId)),
      tables.summaries.where((row) => row.taskId.eq(this.#taskId)),
    ]);
    this.#check();
    return ended;
  }

  stop(): void {
    const { db } = this.#hub.connection;
    db.tasks.removeOnUpdate(this.#onTask);
    db.progress.removeOnInsert(this.#onKept);
    db.stream.removeOnInsert(this.#onStreamed);
  }

  /** Many rows of one transaction are looked at once. */
  #look(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#tellNew();
    });
  }

  #tellNew(): void {
    const kept = [...this.#hub.connection.db.progress.iter()].filter(({ taskId }) => taskId === this.#taskId);
    const parts = assemble([...kept, ...this.#streamed]);
    for (const { key, kind, text } of parts) {
      if (kind !== 'Line' || this.#toldLines.has(key)) continue;
      this.#toldLines.add(key);
      // A limb that has much to say sends several lines as one.
      for (const line of text.split('\n')) this.#watcher.line(line);
    }
    const attempt = parts.at(-1)?.attempt;
    const written = parts.findLast((part) => part.kind === 'Text' && part.attempt === attempt);
    this.#watcher.text?.(written?.key ?? '', written?.text ?? '');
  }

  #tellState(task: Task): void {
    const state = describeState(this.#hub, task);
    if (state !== '' && state !== this.#toldState) this.#watcher.line(state);
    this.#toldState = state;
  }
}

/** What a task's state means to somebody who waits for it; empty when it says nothing new. */
function describeState(hub: Hub, task: Task): string {
  const limbs = [...hub.connection.db.limbs.iter()];
  if (task.state.tag === 'Claimed') {
    const holder = limbs.find((limb) => task.limb?.isEqual(limb.identity));
    const again = task.attempt > 1 ? `, attempt ${task.attempt}` : '';
    return `${holder?.name ?? 'a limb'} works on task ${task.id}${again}`;
  }
  if (task.state.tag !== 'Queued') return '';
  if (task.error !== '') return `${task.error}; task ${task.id} waits for its next attempt`;
  const mayTake = limbs.some((limb) => limb.online && limb.skills.includes(task.skill));
  return mayTake ? '' : `task ${task.id} waits: no limb with the skill ${task.skill} is online (Ctrl-C cancels it)`;
}

function failureOf(task: Task): Failure {
  const why = task.error === '' ? '' : `: ${task.error}`;
  if (task.state.tag === 'Cancelled') return new Failure(`Task ${task.id} was cancelled${why}`);
  if (task.state.tag === 'Dead')
    return new Failure(`Task ${task.id} failed ${task.attempt} times and was given up${why}`);
  return new Failure(`Task ${task.id} failed${why}`);
}
