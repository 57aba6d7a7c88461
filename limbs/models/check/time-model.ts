import { performance } from 'node:perf_hooks';
import { unpaid } from '../../spending.ts';
import type { LanguageModel } from '../language-model.ts';

/** Medians over the rounds. */
export interface ModelTiming {
  readonly rounds: number;
  readonly firstTokenMs: number;
  readonly totalMs: number;
  /** After the first token. */
  readonly tokensPerSecond: number;
  /** Of all rounds, in millionths. */
  readonly micros: number;
}

const question = 'Write three paragraphs about how rivers shape the land.';

/** Asks a model for a text of some length, one time after the other. Throws what the model throws. */
export async function timeModel(
  model: LanguageModel,
  options: { readonly rounds: number; readonly tokensOutMax: number; readonly signal: AbortSignal },
): Promise<ModelTiming> {
  const { rounds, tokensOutMax, signal } = options;
  const firstTokenMs: number[] = [];
  const totalMs: number[] = [];
  const tokensPerSecond: number[] = [];
  let micros = 0;
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now();
    let firstMs: number | undefined;
    const onText = () => {
      firstMs ??= performance.now() - startedMs;
    };
    const messages = [{ role: 'user' as const, text: question }];
    const turn = await model.turn({ messages, tools: [], tokensOutMax, signal, spend: unpaid, onText });
    const wholeMs = performance.now() - startedMs;
    // A model that only thought has said nothing yet.
    const beganMs = firstMs ?? wholeMs;
    firstTokenMs.push(beganMs);
    totalMs.push(wholeMs);
    if (wholeMs > beganMs) tokensPerSecond.push((turn.tokensOut * 1000) / (wholeMs - beganMs));
    micros += turn.micros;
  }
  return {
    rounds,
    firstTokenMs: median(firstTokenMs),
    totalMs: median(totalMs),
    tokensPerSecond: median(tokensPerSecond),
    micros,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return sorted.length % 2 === 1 ? middle : ((sorted[sorted.length / 2 - 1] ?? 0) + middle) / 2;
}
