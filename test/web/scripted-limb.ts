import { z } from 'zod';
import { lockFile } from '../../engine/index.ts';
import { type Limb, LimbError, startLimb } from '../../limbs/index.ts';
import { defineSkill } from '../../limbs/skills/skill.ts';

/** What ends a question that begins with `slowly`. */
const isHeld = /^slowly/i;

const reason = defineSkill({
  name: 'reason',
  input: z.object({ question: z.string() }),
  work: async ({ question }, { history, progress, tellText, signal }) => {
    progress('Recalling what is known');
    if (/^fail/i.test(question)) throw new LimbError('no-answer', 'the model gave no answer');
    if (isHeld.test(question)) {
      progress('Thinking it over');
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
    const [, told] = /^tell (.*)/i.exec(question) ?? [];
    if (told !== undefined) {
      tellText()(told);
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
    const last = history.at(-1);
    if (last) return { text: `After “${last.question}”, answered “${last.answer}”: quite so.`, engine: 'small-model' };
    return {
      text: `A limb is a worker process. It dials out to the hub, claims tasks and sends back a **small summary** [1].`,
      engine: 'small-model',
      citations: [{ document: 'handbook.md', section: 'Limbs', quote: 'A limb dials out to the hub.' }],
      tokensIn: 620,
      tokensOut: 84,
      costMicros: 1900n,
      timings: [
        { name: 'recall', durationMs: 12 },
        { name: 'model', durationMs: 240 },
      ],
    };
  },
});

const recall = defineSkill({
  name: 'recall',
  input: z.object({ query: z.string(), limit: z.number(), format: z.literal('json') }),
  work: async ({ query }) => ({
    text: JSON.stringify({
      parts: [
        {
          document: 'handbook.md',
          section: 'Limbs',
          score: 0.97,
          meaning: { rank: 1, score: 0.71 },
          words: { rank: 2, score: 0.4 },
          content: `What is known of ${query}.`,
        },
        {
          document: 'notes.md',
          section: '',
          score: 0.5,
          meaning: { rank: 2, score: 0.44 },
          content: 'Something else.',
        },
      ],
    }),
    engine: 'memory',
  }),
});

const door = {
  name: 'door',
  kind: 'ssh',
  state: { tag: 'Unhealthy' },
  address: 'https://door.example.org',
  lastError: 'something else than this machine answered, with status 502',
} as const;

/**
 * A limb with made-up skills and a made-up tunnel: `reason` answers at once, quotes the turn before in a conversation, fails when a question
 * begins with `fail`, works until it is cancelled when one begins with `slowly`, and writes what follows `tell` before it
 * does so. The connection, the claims and the reports are those of every limb.
 */
export function startScriptedLimb(options: {
  readonly folder: string;
  readonly url: string;
  readonly name: string;
  readonly pairCode: string;
  readonly capacity: number;
}): Promise<Limb> {
  const { folder, url, name, pairCode, capacity } = options;
  return startLimb(
    {
      ...{
        folder,
        lockFile,
        hub: { url, database: 'helix' },
        name,
        version: '0.1.0',
        pairCode,
        env: {},
        capacity,
        log: () => {},
      },
      tunnels: { tunnels: () => [door], onChange: () => () => {} },
    },
    async () => ({
      skills: [reason, recall],
      model: 'small-model',
      sandbox: 'bubblewrap (jail)',
      memoryFacts: async () => ({ documentCount: 12, chunkCount: 340, byteCount: 86_016, engine: 'PGlite' }),
      close: async () => {},
    }),
  );
}
