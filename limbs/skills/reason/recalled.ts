import type { Citation } from '../../../bindings/types.ts';
import type { Recollection } from '../../memory/memory.ts';
import { citationOf } from '../citation.ts';

/** The parts that were recalled for one question, numbered from 1 as the model sees them. */
export class Recalled {
  readonly #parts: Recollection[] = [];

  get count(): number {
    return this.#parts.length;
  }

  /** The part's number; one that was recalled before keeps its own. */
  add(part: Recollection): number {
    const known = this.#parts.findIndex(
      (other) => other.document === part.document && other.section === part.section && other.content === part.content,
    );
    return known === -1 ? this.#parts.push(part) : known + 1;
  }

  /** The answer with the parts that it names numbered anew from 1 as they come, and their citations. */
  cite(answer: string): { text: string; citations: Citation[] } {
    const order: number[] = [];
    const text = answer.replace(/\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g, (mark, list: string) => {
      const numbers = list.split(',').map(Number);
      // What looks like a mark but names no part is the answer's own, such as an index in code.
      if (!numbers.every((number) => number >= 1 && number <= this.#parts.length)) return mark;
      return numbers
        .map((number) => {
          if (!order.includes(number)) order.push(number);
          return `[${order.indexOf(number) + 1}]`;
        })
        .join('');
    });
    const citations = order.flatMap((number) => {
      const part = this.#parts[number - 1];
      return part ? [citationOf(part, answer)] : [];
    });
    return { text, citations };
  }
}
