import { tables } from '../../bindings/index.ts';
import type { Limb, StreamPiece, Task } from '../../bindings/types.ts';
import { assemble } from '../../web/src/lib/live/stream.ts';
import { type Hub, type HubOptions, openHub, subscribe } from '../lib/hub.ts';
import { untilAborted } from '../lib/interruption.ts';
import { findTenant } from '../lib/tenants.ts';
import type { Material, World } from './world.ts';

/** The pause before the hub is tried again: it doubles up to the bound. */
const pauseMsMin = 500;
const pauseMsMax = 10_000;
/** What is streamed is kept within a second or so, and comes ten times a second. */
const streamedMax = 100;

/** The rows of the board, live. While the hub is away the last known ones stay, and it is tried again. */
export class Feed {
  readonly #options: HubOptions;
  readonly #onChange: () => void;
  #hub: Hub | undefined;
  #tenantId = 0n;
  #tenant = '';
  #url = '';
  #tasks: readonly Task[] = [];
  #limbs: readonly Limb[] = [];
  #hasChanged = false;
  #link: World['link'] = { kind: 'live' };
  #opened: bigint | undefined;
  #streamed: StreamPiece[] = [];
  #isMaterialThere = false;
  #leaveTask: () => void = () => {};

  constructor(options: HubOptions, onChange: () => void) {
    this.#options = options;
    this.#onChange = onChange;
  }

  /** Connects, and settles when the rows are there. @throws Failure when it cannot */
  async open(signal: AbortSignal): Promise<void> {
    const hub = await untilAborted(openHub(this.#options), signal);
    try {
      const tenantId = await untilAborted(findTenant(hub), signal);
      const ofTenant = [
        tables.tasks.where((task) => task.tenantId.eq(tenantId)),
        tables.limbs.where((limb) => limb.tenantId.eq(tenantId)),
      ];
      await untilAborted(subscribe(hub, ofTenant), signal);
      this.#tenantId = tenantId;
    } catch (error) {
      hub.close();
      throw error;
    }
    this.#hub = hub;
    this.#url = hub.url;
    this.#tenant = hub.connection.db.tenants.id.find(this.#tenantId)?.name ?? '';
    this.#link = { kind: 'live' };
    const { tasks, limbs } = hub.connection.db;
    for (const table of [tasks, limbs]) {
      table.onInsert(() => this.#changed());
      table.onUpdate(() => this.#changed());
      table.onDelete(() => this.#changed());
    }
    this.#watchTask();
    this.#changed();
  }

  /** Comes back whenever the hub goes away, until the signal aborts. */
  async keep(signal: AbortSignal): Promise<void> {
    for (;;) {
      await untilAborted(this.#hub?.lost.catch(() => {}) ?? Promise.resolve(), signal);
      this.#refresh();
      this.#leaveTask = () => {};
      this.#hub = undefined;
      await this.#comeBack(signal);
    }
  }

  /** Shows more of one task, or of none. */
  look(taskId: bigint | undefined): void {
    if (taskId === this.#opened) return;
    this.#leaveTask();
    this.#leaveTask = () => {};
    this.#opened = taskId;
    this.#watchTask();
  }

  world(nowMs: number): World {
    this.#refresh();
    return {
      tenant: this.#tenant,
      url: this.#url,
      link: this.#link,
      tasks: this.#tasks,
      limbs: this.#limbs,
      material: this.#material(),
      nowMs,
    };
  }

  close(): void {
    this.#hub?.close();
  }

  async #comeBack(signal: AbortSignal): Promise<void> {
    const sinceMs = Date.now();
    for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
      this.#link = { kind: 'away', sinceMs, nextAtMs: Date.now() + pauseMs };
      this.#onChange();
      await untilAborted(new Promise<void>((resolve) => setTimeout(resolve, pauseMs)), signal);
      try {
        return await this.open(signal);
      } catch (error) {
        // Why it does not answer is told by how long it has been away; it is tried until somebody quits.
        if (signal.aborted) throw error;
      }
    }
  }

  #changed(): void {
    this.#hasChanged = true;
    this.#onChange();
  }

  #refresh(): void {
    if (!this.#hasChanged || !this.#hub) return;
    this.#hasChanged = false;
    const { tasks, limbs } = this.#hub.connection.db;
    this.#tasks = [...tasks.iter()];
    this.#limbs = [...limbs.iter()];
  }

  #watchTask(): void {
    const taskId = this.#opened;
    this.#streamed = [];
    this.#isMaterialThere = false;
    if (taskId === undefined || !this.#hub) return;
    const { connection } = this.#hub;
    const onPiece = (_: unknown, piece: StreamPiece): void => {
      if (piece.taskId !== taskId) return;
      this.#streamed = [...this.#streamed, piece].slice(-streamedMax);
      this.#onChange();
    };
    const onRow = (): void => this.#onChange();
    const { attempts, queue, waitReasons, progress, summaries, stream } = connection.db;
    const rows = [attempts, queue, waitReasons, progress, summaries];
    stream.onInsert(onPiece);
    for (const table of rows) {
      table.onInsert(onRow);
      table.onDelete(onRow);
    }
    const subscription = connection
      .subscriptionBuilder()
      .onApplied(() => {
        this.#isMaterialThere = true;
        this.#onChange();
      })
      .subscribe([
        tables.attempts.where((row) => row.taskId.eq(taskId)),
        tables.queue.where((row) => row.taskId.eq(taskId)),
        tables.waitReasons,
        tables.progress.where((row) => row.taskId.eq(taskId)),
        tables.summaries.where((row) => row.taskId.eq(taskId)),
        tables.stream.where((row) => row.taskId.eq(taskId)),
      ]);
    this.#leaveTask = () => {
      stream.removeOnInsert(onPiece);
      for (const table of rows) {
        table.removeOnInsert(onRow);
        table.removeOnDelete(onRow);
      }
      if (subscription.isActive()) subscription.unsubscribe();
    };
  }

  #material(): Material | undefined {
    const taskId = this.#opened;
    if (taskId === undefined || !this.#hub || !this.#isMaterialThere) return undefined;
    const { db } = this.#hub.connection;
    const entry = [...db.queue.iter()].find((row) => row.taskId === taskId);
    const reasons = [...db.waitReasons.iter()];
    const reasonBy = (key: string) => reasons.find((row) => row.key === key);
    return {
      taskId,
      attempts: [...db.attempts.iter()].filter((row) => row.taskId === taskId),
      entry,
      reason: entry && (reasonBy(`lane/${entry.laneId}`) ?? reasonBy(`band/${entry.bandId}`)),
      parts: assemble([...db.progress.iter(), ...this.#streamed].filter((row) => row.taskId === taskId)),
      summary: [...db.summaries.iter()].find((row) => row.taskId === taskId),
    };
  }
}
