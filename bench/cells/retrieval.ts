import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtInEmbedder } from '../../limbs/embeddings/built-in.ts';
import type { Recollection } from '../../limbs/memory/memory.ts';
import { openMemory } from '../../limbs/memory/open.ts';
import { sourceOf } from '../../limbs/testing/source.ts';
import type { Bar, Cell } from '../lib/cell.ts';
import { type Question, readRetrievalSet } from '../lib/retrieval-set.ts';

const folder = fileURLToPath(new URL('../retrieval', import.meta.url));
const recallAt = 5;
const looksAt = 10;
/** So many parts that both halves are in them whole, as far as they are looked at. */
const wholeHalves = 100;

interface Score {
  readonly recall: number;
  readonly mrr: number;
}

type Orders = Readonly<Record<'vector' | 'text' | 'hybrid', readonly Recollection[]>>;

/** How well the memory finds, with the questions of the evaluation set. */
export const retrieval: Cell = {
  name: 'retrieval',
  title: 'What is found: an evaluation set of questions',
  async run(bench) {
    const { texts, questions } = readRetrievalSet(folder);
    const embedder = builtInEmbedder();
    const memory = await openMemory({ dataDir: join(bench.folder, 'memory') }, embedder);
    try {
      await memory.remember(
        '1',
        texts.map(({ path, title, markdown }) => sourceOf(path, title, markdown)),
      );
      const { documentCount, chunkCount } = await memory.stats('1');
      bench.say(`${documentCount} documents in ${chunkCount} chunks`);
      const found: { question: Question; orders: Orders }[] = [];
      for (const question of questions) {
        const hybrid = await memory.recall('1', question.text, { limit: looksAt });
        const whole = await memory.recall('1', question.text, { limit: wholeHalves });
        found.push({ question, orders: { vector: by(whole, 'meaning'), text: by(whole, 'words'), hybrid } });
      }
      const chosenOn = found.filter((_, i) => i % 2 === 0);
      const heldOut = found.filter((_, i) => i % 2 === 1);
      const systems = ['vector', 'text', 'hybrid'] as const;
      const rowOf = (system: (typeof systems)[number]) => {
        const scores = [found, chosenOn, heldOut].map((some) => scoreOf(some, system));
        return [system, ...scores.flatMap(({ recall, mrr }) => [recall.toFixed(3), mrr.toFixed(3)])];
      };
      const [vector, text, hybrid] = systems.map((system) => scoreOf(heldOut, system)) as [Score, Score, Score];
      return {
        tables: [
          {
            columns: [
              '',
              `recall@${recallAt}, all`,
              'MRR, all',
              `recall@${recallAt}, chosen on`,
              'MRR, chosen on',
              `recall@${recallAt}, held out`,
              'MRR, held out',
            ],
            rows: systems.map(rowOf),
          },
        ],
        bars: [beats('vector', hybrid, vector), beats('text', hybrid, text)],
        rounds: 'one run',
        notes: [
          `${questions.length} questions in other words than the texts, over ${chunkCount} chunks of ${documentCount} documents in the public domain (\`bench/retrieval\`). A question counts as answered by any chunk of the section, or the entry, that answers it.`,
          `MRR looks at the first ${looksAt}. The constants of the fusion were chosen on every other question; the rest is held out, and the bars are about those.`,
          'The embedding model is the built-in one, which is small; PGlite.',
        ],
      };
    } finally {
      await memory.close();
      await embedder.close();
    }
  },
};

function by(parts: readonly Recollection[], half: 'meaning' | 'words'): Recollection[] {
  const rankOf = (part: Recollection) => part[half]?.rank ?? Number.POSITIVE_INFINITY;
  return parts.filter((part) => part[half]).sort((a, b) => rankOf(a) - rankOf(b));
}

function scoreOf(found: readonly { question: Question; orders: Orders }[], system: keyof Orders): Score {
  let recall = 0;
  let mrr = 0;
  for (const { question, orders } of found) {
    const place = orders[system]
      .slice(0, looksAt)
      .findIndex((part) =>
        [part.document, ...part.alsoIn].some((document) => question.isAnsweredBy(document, part.section)),
      );
    if (place === -1) continue;
    if (place < recallAt) recall += 1;
    mrr += 1 / (place + 1);
  }
  return { recall: recall / found.length, mrr: mrr / found.length };
}

function beats(name: string, hybrid: Score, half: Score): Bar {
  return {
    goal: `Hybrid finds more than ${name} alone, in recall@${recallAt} and MRR`,
    measured: `${hybrid.recall.toFixed(3)} to ${half.recall.toFixed(3)}, ${hybrid.mrr.toFixed(3)} to ${half.mrr.toFixed(3)}`,
    isMet: hybrid.recall > half.recall && hybrid.mrr > half.mrr,
  };
}
