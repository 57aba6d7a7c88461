import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtInEmbedder } from '../embeddings/built-in.ts';
import type { Embedder } from '../embeddings/embedder.ts';
import type { Memory } from '../memory/memory.ts';
import { openMemory } from '../memory/open.ts';
import { sourceOf } from '../testing/source.ts';
import { answerExtractively, type ExtractiveAnswer } from './answer.ts';

const handbook = `# Office handbook

The office is open to everybody who works here. This handbook says how things are done.

## Badges

A badge is a plastic card that opens the doors of the building. Lost badges are blocked within an hour. Everybody wears
one on every floor.

## Blackouts

If the electricity fails, the batteries take over for two hours. After that, servers are shut down in order, because a
clean shutdown saves the data. Do not use the lifts meanwhile.

\`\`\`sh
# the batteries take over for two hours of electricity
powerctl --batteries
\`\`\`

## Words

| word | meaning |
| --- | --- |
| canteen | the room on the second floor where warm food is served |
| quiet room | a room without telephones for work that needs no company |

## Travel

Train tickets are refunded when you hand in the receipt. Flights need the consent of a director before they are booked.
`;

let folder: string;
let embedder: Embedder;
let memory: Memory;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-extractive-'));
  embedder = builtInEmbedder();
  memory = await openMemory({ dataDir: join(folder, 'memory') }, embedder);
  await memory.remember('1', [sourceOf('handbook.md', 'Office handbook', handbook)]);
}, 120_000);

afterAll(async () => {
  await memory.close();
  await embedder.close();
  await rm(folder, { recursive: true, force: true });
});

async function ask(question: string): Promise<ExtractiveAnswer> {
  return answerExtractively(question, await memory.recall('1', question, { limit: 8 }), embedder);
}

test.each([
  ['What is a badge?', 'A badge is a plastic card that opens the doors of the building.'],
  ['What is the canteen?', 'canteen: the room on the second floor where warm food is served'],
  ['What happens when the electricity fails?', 'If the electricity fails, the batteries take over for two hours.'],
  ['Why are servers shut down?', 'because a clean shutdown saves the data'],
  ['Are train tickets refunded?', 'Train tickets are refunded when you hand in the receipt.'],
  ['Are lost badges blocked?', 'Lost badges are blocked within an hour.'],
])('%s is answered by the sentence that says it', async (question, sentence) => {
  const answer = await ask(question);
  expect(answer.fit).toBe('direct');
  expect(answer.quotes[0]?.text).toContain(sentence);
  expect(answer.quotes[0]?.part.document).toBe('handbook.md');
});

test('a sentence that says it in other words is offered as close', async () => {
  const answer = await ask('Who must agree to flights?');
  expect(answer.fit).toBe('close');
  expect(answer.quotes.map((quote) => quote.text)).toEqual([
    'Flights need the consent of a director before they are booked.',
  ]);
});

test('a definition is followed by the sentence that says more of it', async () => {
  const { quotes } = await ask('What is a badge?');
  expect(quotes[0]?.text).toBe(
    'A badge is a plastic card that opens the doors of the building. Lost badges are blocked within an hour.',
  );
});

test('an answer is short and quotes no code', async () => {
  const { quotes } = await ask('How long do batteries last when the electricity fails?');
  const text = quotes.map((quote) => quote.text).join(' ');
  expect(text.length).toBeLessThan(900);
  expect(text).not.toContain('powerctl');
});

test.each(['What is the capital of France?', 'How do I bake sourdough?', 'Which planet has the most moons?'])(
  '%s has no answer here',
  async (question) => {
    expect(await ask(question)).toEqual({ fit: 'none', quotes: [] });
  },
);

test('nothing recalled is no answer', async () => {
  expect(await answerExtractively('What is a badge?', [], embedder)).toEqual({ fit: 'none', quotes: [] });
});
