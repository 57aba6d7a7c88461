import type OpenAI from 'openai';
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import { LimbError } from '../errors.ts';
import { explain, openEndpoint } from './endpoint.ts';
import {
  free,
  type LanguageModel,
  type Message,
  type Price,
  type ToolCall,
  type Turn,
  type TurnRequest,
} from './language-model.ts';
import { type Endpoint, shownAddress } from './settings.ts';

/** The longest pause between two pieces of an answer that has begun. */
const idleMsMax = 60_000;

/** A model behind an OpenAI-compatible server. */
export function chatModel(
  endpoint: Endpoint,
  model: string,
  price: Price = free,
  cheaper?: LanguageModel,
): LanguageModel {
  const client = openEndpoint(endpoint);
  return {
    name: model,
    price,
    cheaper,
    async turn(request) {
      try {
        return await streamTurn(client, model, request);
      } catch (error) {
        request.signal.throwIfAborted();
        throw error instanceof IdleError
          ? new LimbError(
              'model-timeout',
              `${shownAddress(endpoint)} stopped in the middle of its answer for ${idleMsMax / 1000} s. Try again, or try another model.`,
              { isRetryable: true },
            )
          : explain(error, endpoint, model);
      }
    },
  };
}

class IdleError extends Error {}

async function streamTurn(client: OpenAI, model: string, request: TurnRequest): Promise<Turn> {
  const idle = new AbortController();
  const body: ChatCompletionCreateParamsStreaming = {
    model,
    messages: request.messages.map(asParam),
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: request.tokensOutMax,
  };
  if (request.tools.length > 0) body.tools = request.tools.map((tool) => ({ type: 'function', function: { ...tool } }));
  const stream = await client.chat.completions.create(body, { signal: AbortSignal.any([request.signal, idle.signal]) });

  const turn = new TurnReader();
  let timer = setTimeout(() => idle.abort(), idleMsMax);
  try {
    for await (const chunk of stream) {
      clearTimeout(timer);
      timer = setTimeout(() => idle.abort(), idleMsMax);
      const text = turn.read(chunk);
      if (text !== '') request.onText?.(text);
    }
  } finally {
    clearTimeout(timer);
  }
  // An aborted stream ends as if it were complete.
  request.signal.throwIfAborted();
  if (idle.signal.aborted) throw new IdleError();
  return turn.end();
}

/** Puts the pieces of a streamed answer together. */
class TurnReader {
  #text = '';
  #finishReason: string | undefined;
  #tokensIn = 0;
  #tokensOut = 0;
  readonly #calls = new Map<number, { id: string; name: string; argumentsJson: string }>();

  /** The new text in the piece. */
  read(chunk: ChatCompletionChunk): string {
    if (chunk.usage) {
      this.#tokensIn = chunk.usage.prompt_tokens;
      this.#tokensOut = chunk.usage.completion_tokens;
    }
    const choice = chunk.choices?.[0];
    if (!choice) return '';
    this.#finishReason = choice.finish_reason ?? this.#finishReason;
    for (const part of choice.delta?.tool_calls ?? []) {
      const call = this.#calls.get(part.index) ?? { id: '', name: '', argumentsJson: '' };
      this.#calls.set(part.index, call);
      call.id = part.id ?? call.id;
      call.name = part.function?.name ?? call.name;
      call.argumentsJson += part.function?.arguments ?? '';
    }
    const text = choice.delta?.content ?? '';
    this.#text += text;
    return text;
  }

  end(): Turn {
    if (this.#finishReason === undefined && this.#text === '' && this.#calls.size === 0) {
      throw new Error('the stream ended before any answer');
    }
    const toolCalls: ToolCall[] = [...this.#calls.entries()]
      .sort(([a], [b]) => a - b)
      // Some servers leave the id out, and it is only for telling the calls of this conversation apart.
      .map(([index, call]) => ({ ...call, id: call.id === '' ? `call_${index}` : call.id }));
    return {
      text: this.#text,
      toolCalls,
      isCutOff: this.#finishReason === 'length',
      tokensIn: this.#tokensIn,
      tokensOut: this.#tokensOut,
    };
  }
}

function asParam(message: Message): ChatCompletionMessageParam {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.text };
    case 'user':
      return { role: 'user', content: message.text };
    case 'tool':
      return { role: 'tool', tool_call_id: message.callId, content: message.text };
    case 'assistant':
      if (message.toolCalls.length === 0) return { role: 'assistant', content: message.text };
      return {
        role: 'assistant',
        content: message.text,
        tool_calls: message.toolCalls.map((call) => ({
          type: 'function',
          id: call.id,
          function: { name: call.name, arguments: call.argumentsJson },
        })),
      };
  }
}
