import { reasonOf } from './live/mesh.svelte.ts';
import { texts } from './texts.ts';

/** How long something can be taken back. */
const undoMs = 5000;
/** Calls that are made at once. */
const callsMax = 50;

interface Postponed {
  run(): void;
  drop(): void;
}

/** Short messages in the corner. Their code is loaded with the first one. */
export class Toasts {
  isWanted = $state(false);
  readonly #postponed = new Set<Postponed>();

  constructor() {
    // Whoever leaves has not taken anything back.
    window.addEventListener('pagehide', () => {
      for (const postponed of [...this.#postponed]) postponed.run();
    });
  }

  async tell(text: string, kind: 'success' | 'error' = 'success'): Promise<void> {
    (await this.#toast())[kind](text);
  }

  /** @returns whether it worked; what was refused is told */
  async attempt(act: Promise<unknown>): Promise<boolean> {
    try {
      await act;
      return true;
    } catch (error) {
      await this.tell(reasonOf(error), 'error');
      return false;
    }
  }

  /** Does something in a moment, unless it is taken back until then. */
  async postpone(text: string, act: () => Promise<void>): Promise<void> {
    const toast = await this.#toast();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const postponed: Postponed = {
      run: () => {
        postponed.drop();
        act().catch((error: unknown) => this.tell(reasonOf(error), 'error'));
      },
      drop: () => {
        clearTimeout(timer);
        this.#postponed.delete(postponed);
        toast.dismiss(id);
      },
    };
    const id = toast(text, {
      duration: Number.POSITIVE_INFINITY,
      action: { label: texts.toasts.undo, onClick: () => postponed.drop() },
    });
    this.#postponed.add(postponed);
    timer = setTimeout(() => postponed.run(), undoMs);
  }

  /** Makes one call for each id, and says what was refused. */
  async each(ids: readonly bigint[], call: (id: bigint) => Promise<void>, done: string): Promise<void> {
    const reasons: string[] = [];
    for (let from = 0; from < ids.length; from += callsMax) {
      const calls = ids.slice(from, from + callsMax).map(call);
      for (const result of await Promise.allSettled(calls)) {
        if (result.status === 'rejected') reasons.push(reasonOf(result.reason));
      }
    }
    const [first] = reasons;
    if (first === undefined) await this.tell(done);
    else await this.tell(texts.toasts.refused(reasons.length, ids.length, first), 'error');
  }

  async #toast() {
    this.isWanted = true;
    return (await import('svelte-sonner')).toast;
  }
}
