import { toSql } from 'spacetimedb';
import { tables } from '$bindings/index.ts';
import { LiveEvents } from './events.svelte.ts';
import type { Link } from './link.svelte.ts';
import type { Feedback, ProgressPiece, StreamPiece, Summary, TaskInput } from './model.ts';
import type { Refusal } from './refusals.svelte.ts';
import { LiveRows } from './rows.svelte.ts';
import { assemble, type StreamPart } from './stream.ts';

/** What is streamed is kept within a second or so, and comes ten times a second. */
const streamedMax = 100;

/** What belongs to one task beside its row, live for as long as somebody looks at it. */
export class TaskMaterial {
  readonly #inputs: LiveRows<TaskInput>;
  readonly #kept: LiveRows<ProgressPiece>;
  readonly #streamed: LiveEvents<StreamPiece>;
  readonly #summaries: LiveRows<Summary>;
  readonly #feedbacks: LiveRows<Feedback>;
  /** What its attempts have told, oldest first. */
  readonly parts: readonly StreamPart[] = $derived.by(() => assemble([...this.#kept.list, ...this.#streamed.list]));
  readonly lines: readonly StreamPart[] = $derived(this.parts.filter(({ kind }) => kind === 'Line'));

  constructor(link: Link, taskId: bigint) {
    this.#inputs = new LiveRows(link, {
      table: (db) => db.taskInputs,
      query: toSql(tables.taskInputs.where((row) => row.taskId.eq(taskId))),
      keep: (row) => row.taskId === taskId,
    });
    this.#kept = new LiveRows(link, {
      table: (db) => db.progress,
      query: toSql(tables.progress.where((row) => row.taskId.eq(taskId))),
      keep: (row) => row.taskId === taskId,
    });
    this.#streamed = new LiveEvents(link, {
      table: (db) => db.stream,
      query: toSql(tables.stream.where((row) => row.taskId.eq(taskId))),
      keep: (row) => row.taskId === taskId,
      countMax: streamedMax,
    });
    this.#summaries = new LiveRows(link, {
      table: (db) => db.summaries,
      query: toSql(tables.summaries.where((row) => row.taskId.eq(taskId))),
      keep: (row) => row.taskId === taskId,
    });
    this.#feedbacks = new LiveRows(link, {
      table: (db) => db.feedbacks,
      query: toSql(tables.feedbacks.where((row) => row.taskId.eq(taskId))),
      keep: (row) => row.taskId === taskId,
    });
  }

  get input(): TaskInput | undefined {
    return this.#inputs.list[0];
  }

  get summary(): Summary | undefined {
    return this.#summaries.list[0];
  }

  /** What somebody thinks of the summary. */
  get feedback(): Feedback | undefined {
    return this.#feedbacks.list[0];
  }

  /** The text that an attempt is writing, or had written when it ended; empty for none. */
  textOf(attempt: number): string {
    return this.parts.findLast((part) => part.kind === 'Text' && part.attempt === attempt)?.text ?? '';
  }

  /** What an attempt before that one had written when it was cut off, the latest of them. */
  brokenOffBefore(attempt: number): StreamPart | undefined {
    return this.parts.findLast((part) => part.kind === 'Text' && part.attempt < attempt);
  }

  get isLoaded(): boolean {
    return this.#inputs.isLoaded && this.#kept.isLoaded && this.#summaries.isLoaded;
  }

  /** Why it does not come. */
  get refusals(): readonly Refusal[] {
    return [this.#summaries.refusal, this.#inputs.refusal, this.#kept.refusal];
  }

  stop(): void {
    this.#inputs.stop();
    this.#kept.stop();
    this.#streamed.stop();
    this.#summaries.stop();
    this.#feedbacks.stop();
  }
}
