import { toSql } from 'spacetimedb';
import { tables } from '$bindings/index.ts';
import type { Link } from './link.svelte.ts';
import type { ProgressLine, Summary, TaskInput } from './model.ts';
import { LiveRows } from './rows.svelte.ts';

/** The progress lines of one task, oldest first. */
export function followProgress(link: Link, taskId: bigint): LiveRows<ProgressLine> {
  return new LiveRows(link, {
    table: (db) => db.progress,
    query: toSql(tables.progress.where((row) => row.taskId.eq(taskId))),
    keep: (row) => row.taskId === taskId,
  });
}

/** What belongs to one task beside its row, live for as long as somebody looks at it. */
export class TaskMaterial {
  readonly #inputs: LiveRows<TaskInput>;
  readonly #progress: LiveRows<ProgressLine>;
  readonly #summaries: LiveRows<Summary>;

  constructor(link: Link, taskId: bigint) {
    this.#inputs = new LiveRows(link, {
      table: (db) => db.taskInputs,
      query: toSql(tables.taskInputs.where((row) => row.taskId.eq(taskId))),
      keep: (row) => row.taskId === taskId,
    });
    this.#progress = followProgress(link, taskId);
    this.#summaries = new LiveRows(link, {
      table: (db) => db.summaries,
      query: toSql(tables.summaries.where((row) => row.taskId.eq(taskId))),
      keep: (row) => row.taskId === taskId,
    });
  }

  get input(): TaskInput | undefined {
    return this.#inputs.list[0];
  }

  get summary(): Summary | undefined {
    return this.#summaries.list[0];
  }

  /** Oldest first. */
  get lines(): readonly ProgressLine[] {
    return this.#progress.list.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  get isLoaded(): boolean {
    return this.#inputs.isLoaded && this.#progress.isLoaded && this.#summaries.isLoaded;
  }

  stop(): void {
    this.#inputs.stop();
    this.#progress.stop();
    this.#summaries.stop();
  }
}
