import type { CheckedRecipe, ForeseenRetry } from '$bindings/types.ts';
import type { Link } from './link.svelte.ts';
import type { Approval, NotationTag, Run, Step } from './model.ts';

/** What is asked and done about recipes and their runs. Each settles with the hub's answer, and throws its rejection. */
export class RecipeActs {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  /** What is wrong with a text, or what a run of it would be given. */
  check(tenantId: bigint, text: string, notation: NotationTag): Promise<CheckedRecipe> {
    return this.#link.ask((procedures) => procedures.checkRecipe({ tenantId, text, notation: { tag: notation } }));
  }

  save(tenantId: bigint, text: string, notation: NotationTag): Promise<void> {
    return this.#link.call((reducers) => reducers.saveRecipe({ tenantId, text, notation: { tag: notation } }));
  }

  delete(tenantId: bigint, name: string): Promise<void> {
    return this.#link.call((reducers) => reducers.deleteRecipe({ tenantId, name }));
  }

  /** `payload`: JSON. Sent again with the same reference, it changes nothing. */
  start(tenantId: bigint, recipe: string, payload: string, reference: string): Promise<void> {
    return this.#link.call((reducers) => reducers.startRecipe({ tenantId, recipe, payload, reference }));
  }

  pause({ id: runId }: Run): Promise<void> {
    return this.#link.call((reducers) => reducers.pauseRun({ runId }));
  }

  resume({ id: runId }: Run): Promise<void> {
    return this.#link.call((reducers) => reducers.resumeRun({ runId }));
  }

  cancel({ id: runId }: Run): Promise<void> {
    return this.#link.call((reducers) => reducers.cancelRun({ runId }));
  }

  /** What a retry would do anew, from where it failed or from a step on. */
  foresee({ id: runId }: Run, step: Step | undefined): Promise<ForeseenRetry> {
    return this.#link.ask((procedures) => procedures.foreseeRetry({ runId, stepId: step?.id ?? 0n }));
  }

  /** From where it failed, or from a step on; `input` is JSON, empty for what the recipe says. */
  retry({ id: runId }: Run, step: Step | undefined, input: string): Promise<void> {
    return this.#link.call((reducers) => reducers.retryRun({ runId, stepId: step?.id ?? 0n, input }));
  }

  /** `inputs`: JSON. */
  decide({ id: approvalId }: Approval, isApproved: boolean, note: string, inputs: string): Promise<void> {
    return this.#link.call((reducers) => reducers.decideApproval({ approvalId, isApproved, note, inputs }));
  }
}
