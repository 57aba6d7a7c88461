import { z } from 'zod';
import { endpointEmbedder } from '../../embeddings/endpoint.ts';
import { messageOf } from '../../errors.ts';
import { unpaid } from '../../spending.ts';
import type { ModelConfig } from '../config/config.ts';
import type { LanguageModel, OutputFormat, ToolDefinition, Turn } from '../language-model.ts';
import type { Router } from '../router.ts';

/** One thing that a model was asked to do, and what was seen. */
export interface ModelCheck {
  readonly what: string;
  readonly passed: boolean;
  readonly seen: string;
}

/** A model that thinks before it answers needs room for that. */
const tokensOutMax = 2000;

const addition = z.object({ a: z.literal(17), b: z.literal(25) });
const addTool: ToolDefinition = {
  name: 'add',
  description: 'Adds two whole numbers.',
  parameters: {
    type: 'object',
    properties: { a: { type: 'integer' }, b: { type: 'integer' } },
    required: ['a', 'b'],
    additionalProperties: false,
  },
};

const sum = z.object({ sum: z.literal(42) });
const sumFormat: OutputFormat = {
  name: 'sum',
  schema: {
    type: 'object',
    properties: { sum: { type: 'integer' } },
    required: ['sum'],
    additionalProperties: false,
  },
  check: (value) => void sum.parse(value),
};

/** Asks a model for everything that a limb needs of one. `onCheck` hears each result when it is there. */
export async function testLanguageModel(
  model: LanguageModel,
  signal: AbortSignal,
  onCheck: (check: ModelCheck) => void = () => {},
): Promise<ModelCheck[]> {
  const checks: ModelCheck[] = [];
  const check = async (what: string, look: () => Promise<string>): Promise<boolean> => {
    const result = await look().then(
      (seen) => ({ what, passed: true, seen }),
      (error: unknown) => {
        signal.throwIfAborted();
        return { what, passed: false, seen: messageOf(error) };
      },
    );
    checks.push(result);
    onCheck(result);
    return result.passed;
  };
  let pieces = 0;
  const answers = await check('answers', async () => {
    const onText = () => {
      pieces += 1;
    };
    const turn = await ask(model, 'Count from one to twenty in words.', signal, { onText });
    if (turn.text.trim() === '') throw new Error('the answer was empty');
    return usageOf(turn);
  });
  if (!answers) return checks;
  await check('streams', async () => {
    if (pieces < 2) throw new Error('the answer came in one piece: watchers see nothing before its end');
    return `${pieces} pieces`;
  });
  await check('calls tools', async () => {
    const turn = await ask(model, 'Use the tool to add 17 and 25.', signal, { tools: [addTool] });
    const [call] = turn.toolCalls;
    if (call?.name !== 'add') throw new Error('it called no tool, so that it can neither look up nor compute');
    addition.parse(JSON.parse(call.argumentsJson));
    return `${call.name}(${call.argumentsJson})`;
  });
  await check('answers in JSON', async () => {
    const question = 'Answer with a JSON object whose field "sum" is the sum of 17 and 25.';
    return (await ask(model, question, signal, { output: sumFormat })).text.trim();
  });
  return checks;
}

/** Asks a model for vectors. */
export async function testEmbeddingModel(router: Router, config: ModelConfig): Promise<ModelCheck[]> {
  try {
    const embedder = await endpointEmbedder(router.onlyEmbed(config));
    await embedder.close();
    return [{ what: 'embeds', passed: true, seen: `vectors of ${embedder.dimensions} numbers` }];
  } catch (error) {
    return [{ what: 'embeds', passed: false, seen: messageOf(error) }];
  }
}

function ask(
  model: LanguageModel,
  text: string,
  signal: AbortSignal,
  more: { tools?: ToolDefinition[]; output?: OutputFormat; onText?: () => void } = {},
): Promise<Turn> {
  return model.turn({ messages: [{ role: 'user', text }], tools: [], tokensOutMax, signal, spend: unpaid, ...more });
}

function usageOf({ tokensIn, tokensOut, isEstimated }: Turn): string {
  const counted = `${tokensIn} tokens in, ${tokensOut} out`;
  return isEstimated ? `about ${counted}: the server does not count them` : counted;
}
