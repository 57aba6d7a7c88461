import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { ToolCall, TurnRequest } from '../language-model.ts';
import { estimateOf, type Usage } from './usage.ts';

/** What one request to one server brought. */
export interface Answer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly isCutOff: boolean;
}

/** No answer that is asked for is so long. */
const answerCharsMax = 1_000_000;

const none: Usage = { tokensIn: 0, tokensOut: 0 };

/** Puts the pieces of a streamed answer together, and knows at any time what they have cost. */
export class AnswerReader {
  readonly #request: TurnRequest;
  #hasBegun = false;
  #text = '';
  #bytes = 0;
  #finishReason: string | undefined;
  #usage: Usage | undefined;
  readonly #calls = new Map<number, { id: string; name: string; argumentsJson: string }>();

  constructor(request: TurnRequest) {
    this.#request = request;
  }

  /** The server has taken the request: from now on it costs something. */
  begin(): void {
    this.#hasBegun = true;
  }

  /** The new text in the piece, and whether the piece is a part of the answer. */
  read(chunk: ChatCompletionChunk): { readonly text: string; readonly isSubstance: boolean } {
    if (chunk.usage) {
      this.#usage = { tokensIn: chunk.usage.prompt_tokens, tokensOut: chunk.usage.completion_tokens };
    }
    const choice = chunk.choices?.[0];
    if (!choice) return { text: '', isSubstance: false };
    this.#finishReason = choice.finish_reason ?? this.#finishReason;
    const bytesBefore = this.#bytes;
    for (const part of choice.delta?.tool_calls ?? []) {
      const call = this.#calls.get(part.index) ?? { id: '', name: '', argumentsJson: '' };
      this.#calls.set(part.index, call);
      call.id = part.id ?? call.id;
      call.name = part.function?.name ?? call.name;
      call.argumentsJson += part.function?.arguments ?? '';
      this.#bytes += Buffer.byteLength((part.function?.name ?? '') + (part.function?.arguments ?? ''));
    }
    const text = choice.delta?.content ?? '';
    this.#text += text;
    this.#bytes += Buffer.byteLength(text + thoughtOf(choice.delta));
    if (this.#bytes > answerCharsMax) throw new Error(`the answer is longer than ${answerCharsMax} bytes`);
    return { text, isSubstance: this.#bytes > bytesBefore };
  }

  get hasContent(): boolean {
    return this.#bytes > 0;
  }

  /** What the request has used: nothing before the server took it. */
  get usage(): Usage {
    if (!this.#hasBegun) return none;
    return this.#usage ?? estimateOf(this.#request, this.#bytes);
  }

  /** Whether `usage` is a guess. */
  get isEstimated(): boolean {
    return this.#hasBegun && this.#usage === undefined;
  }

  /** Throws when the stream has ended before the answer. */
  end(): Answer {
    if (this.#finishReason === undefined) {
      throw new Error(
        this.hasContent ? 'the stream ended before the answer did' : 'the stream ended before any answer',
      );
    }
    const toolCalls: ToolCall[] = [...this.#calls.entries()]
      .sort(([a], [b]) => a - b)
      // Some servers leave the id out, and it is only for telling the calls of this conversation apart.
      .map(([index, call]) => ({ ...call, id: call.id === '' ? `call_${index}` : call.id }));
    return { text: this.#text, toolCalls, isCutOff: this.#finishReason === 'length' };
  }
}

/** What a model thinks aloud beside its answer: servers name the field in one of two ways. */
function thoughtOf(delta: object | undefined): string {
  for (const field of ['reasoning_content', 'reasoning']) {
    const value = (delta as Record<string, unknown> | undefined)?.[field];
    if (typeof value === 'string') return value;
  }
  return '';
}
