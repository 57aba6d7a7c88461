import type OpenAI from 'openai';
import { APIError } from 'openai';
import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import { messageOf } from '../../errors.ts';
import type { CallLimits, ModelConfig } from '../config/config.ts';
import { shownAddress } from '../config/config.ts';
import type { Message, TurnRequest } from '../language-model.ts';
import type { Answer, AnswerReader } from './answer.ts';
import { explain, ModelFailure, outage } from './failure.ts';
import { TimeLimits } from './time-limits.ts';

/** How a server wants to be spoken to where servers differ. What it refuses is left out from then on. */
export interface Dialect {
  tokensField: 'max_tokens' | 'max_completion_tokens';
  hasUsageOption: boolean;
  hasSchema: boolean;
}

export function usualDialect(): Dialect {
  return { tokensField: 'max_tokens', hasUsageOption: true, hasSchema: true };
}

export interface ChatCall {
  readonly api: OpenAI;
  readonly config: ModelConfig;
  readonly dialect: Dialect;
  readonly limits: CallLimits;
  /** Told what there is of the answer, so that it is known however the call ends. */
  readonly reader: AnswerReader;
}

/** Asks a model once and reads its streamed answer. Throws `ModelFailure`, or the signal's reason when it is aborted. */
export async function streamAnswer(call: ChatCall, request: TurnRequest): Promise<Answer> {
  for (;;) {
    const time = new TimeLimits(call.limits, request.timeMs, request.signal);
    try {
      return await stream(call, request, time);
    } catch (error) {
      request.signal.throwIfAborted();
      const why = time.exceeded;
      if (why) throw outage('model-timeout', `${shownAddress(call.config.provider)} ${why}.`, error);
      if (!adapt(call.dialect, error)) throw brokenOff(error, call) ?? explain(error, call.config);
    } finally {
      time.end();
    }
  }
}

async function stream(call: ChatCall, request: TurnRequest, time: TimeLimits): Promise<Answer> {
  const { api, config, dialect, reader } = call;
  const chunks = await api.chat.completions.create(bodyOf(config.model, dialect, request), { signal: time.signal });
  reader.begin();
  for await (const chunk of chunks) {
    const piece = reader.read(chunk);
    time.heard(piece.isSubstance);
    if (piece.text !== '') request.onText?.(piece.text);
  }
  // An aborted stream ends as if it were complete.
  time.signal.throwIfAborted();
  const answer = reader.end();
  if (request.output) requireFit(answer.text, request.output, config);
  return answer;
}

function bodyOf(model: string, dialect: Dialect, request: TurnRequest): ChatCompletionCreateParamsStreaming {
  const { output, tools } = request;
  const body: ChatCompletionCreateParamsStreaming = {
    model,
    messages: request.messages.map(asParam),
    stream: true,
    [dialect.tokensField]: request.tokensOutMax,
  };
  if (dialect.hasUsageOption) body.stream_options = { include_usage: true };
  if (tools.length > 0) body.tools = tools.map((tool) => ({ type: 'function', function: { ...tool } }));
  if (output) {
    const { name, schema } = output;
    body.response_format = dialect.hasSchema
      ? { type: 'json_schema', json_schema: { name, schema, strict: true } }
      : { type: 'json_object' };
  }
  return body;
}

/** Whether the server refused a setting that it can do without, which is then left out. */
function adapt(dialect: Dialect, error: unknown): boolean {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return false;
  const reason = messageOf(error);
  if (dialect.tokensField === 'max_tokens' && reason.includes('max_completion_tokens')) {
    dialect.tokensField = 'max_completion_tokens';
  } else if (dialect.hasUsageOption && reason.includes('stream_options')) dialect.hasUsageOption = false;
  else if (dialect.hasSchema && /response_format|json_schema/.test(reason)) dialect.hasSchema = false;
  else return false;
  return true;
}

/** A connection that ends, or garbage, in the middle of a good answer. */
function brokenOff(error: unknown, { reader, config }: ChatCall): ModelFailure | undefined {
  if (error instanceof ModelFailure || error instanceof APIError) return undefined;
  // What fails without content is another protocol, unless the connection itself ended.
  if (!reader.hasContent && !(error instanceof TypeError)) return undefined;
  return outage(
    'model-broke-off',
    `${shownAddress(config.provider)} broke off in the middle of its answer (${messageOf(error)}).`,
    error,
  );
}

function requireFit(text: string, output: NonNullable<TurnRequest['output']>, config: ModelConfig): void {
  try {
    output.check(JSON.parse(text));
  } catch (error) {
    throw new ModelFailure(
      'model-bad-json',
      `${config.model} did not answer with the JSON that was asked for (${messageOf(error).split('\n', 1)[0]}).`,
      { isRetryable: true, cause: error },
    );
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
