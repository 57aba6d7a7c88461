import type { Link } from './link.svelte.ts';

/** What a person does to tasks. Each settles with the hub's answer, and throws its rejection. */
export class TaskActs {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  cancel(taskId: bigint): Promise<void> {
    return this.#link.call((reducers) => reducers.cancelTask({ taskId }));
  }

  redrive(taskId: bigint): Promise<void> {
    return this.#link.call((reducers) => reducers.redriveTask({ taskId }));
  }
}
