import { performance } from 'node:perf_hooks';
import type { Embedder } from '../../embeddings/embedder.ts';
import { answerExtractively, type ExtractiveAnswer } from '../../extractive/answer.ts';
import type { Memory } from '../../memory/memory.ts';
import { metered } from '../../spending.ts';
import type { SummaryParts } from '../../summary.ts';
import { counted } from '../../text.ts';
import { sectionOf } from '../citation.ts';
import { costOfVectors } from '../cost.ts';
import type { SkillContext } from '../skill.ts';

const partsMax = 8;

const note =
  'Quoted from your documents by the built-in extractive answerer: it is not a language model. Run helix setup to add one.';

/** Answers with sentences quoted from the documents. */
export async function reasonWithoutModel(
  { question, labels }: { readonly question: string; readonly labels: readonly string[] },
  memory: Memory,
  embedder: Embedder,
  { tenant, signal, spend, progress }: SkillContext,
): Promise<SummaryParts> {
  const paid = metered(spend);
  const terms = { signal, spend: paid.spend };
  const startedMs = performance.now();
  const parts = await memory.recall(tenant, question, { limit: partsMax, labels }, terms);
  const recalledMs = performance.now();
  progress(`Recalled ${counted(parts.length, 'part')} of the documents`);
  if (parts.length === 0) {
    return {
      text: 'This limb remembers no documents yet. Give it some with `helix remember <path>`, then ask again.',
      engine: 'extractive',
      note,
      ...costOfVectors(paid.sum),
    };
  }
  const answer = await answerExtractively(question, parts, embedder, terms);
  return {
    text: textOf(answer),
    citations: answer.quotes.map(({ part, text }) => ({
      document: part.document,
      section: sectionOf(part),
      quote: text,
    })),
    engine: 'extractive',
    note,
    ...costOfVectors(paid.sum),
    timings: [
      { name: 'recall', durationMs: recalledMs - startedMs },
      { name: 'extract', durationMs: performance.now() - recalledMs },
    ],
  };
}

function textOf({ fit, quotes }: ExtractiveAnswer): string {
  const quoted = quotes.map((quote, i) => `${quote.text} [${i + 1}]`).join('\n\n');
  switch (fit) {
    case 'direct':
      return quoted;
    case 'close':
      return `The documents do not answer this in so many words. The closest they come:\n\n${quoted}`;
    case 'none':
      return 'The documents that this limb remembers do not answer this. Ask in other words, or give it more with `helix remember <path>`.';
  }
}
