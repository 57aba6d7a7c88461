import type { SourceDocument } from '../../limbs/memory/memory.ts';
import { sourceOf } from '../../limbs/testing/source.ts';

/** A document of three chunks that no other has. */
export function numberedDocument(number: number): SourceDocument {
  const parts = ['one', 'two', 'three'].map((part) => `# Part ${part}\n\nPart ${part} of document ${number}.`);
  return sourceOf(`${number}.md`, `Document ${number}`, parts.join('\n\n'));
}
