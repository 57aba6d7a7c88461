import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { LimbError, messageOf } from '../../errors.ts';
import { keyOf, type ModelConfig, shownAddress } from '../config/config.ts';

const shownMessageCharsMax = 200;

/** Why a model did not answer: another one may. */
export class ModelFailure extends LimbError {
  /** So long its server wants to be left alone. */
  readonly retryAfterMs: number;
  /** Whether the server itself is unwell, rather than the request. */
  readonly isOutage: boolean;

  constructor(
    code: string,
    message: string,
    options: ErrorOptions & { isRetryable?: boolean; retryAfterMs?: number; isOutage?: boolean } = {},
  ) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs ?? 0;
    this.isOutage = options.isOutage ?? false;
  }
}

/** Something that may pass, and speaks against the server when it comes again and again. */
export function outage(code: string, message: string, cause?: unknown): ModelFailure {
  return new ModelFailure(code, message, { isRetryable: true, isOutage: true, cause });
}

/** What a failed request means and what to do about it, without any secret. */
export function explain(error: unknown, config: ModelConfig): LimbError {
  if (error instanceof LimbError) return error;
  // It was not sent, because it could not be written down.
  if (error instanceof APIConnectionError && error.cause instanceof LimbError) return error.cause;
  const address = shownAddress(config.provider);
  const { baseUrlSetting } = config.provider;
  if (error instanceof APIConnectionTimeoutError) {
    return outage('model-timeout', `${address} did not answer in time. Is the server overloaded?`, error);
  }
  if (error instanceof APIConnectionError) {
    const reason = connectionCause(error);
    return outage(
      'model-unreachable',
      `${address} cannot be reached (${reason}). Start the server or correct ${baseUrlSetting}.`,
      error,
    );
  }
  if (error instanceof APIError && error.status !== undefined) return explainStatus(error, error.status, config);
  if (error instanceof APIError) {
    return outage('model-failed', `${address} broke off with an error: ${shown(error, config)}`, error);
  }
  return new ModelFailure(
    'model-bad-answer',
    `${address} sent an answer that is not of the OpenAI protocol (${shown(error, config)}). Does ${baseUrlSetting} name an OpenAI-compatible server?`,
    { cause: error },
  );
}

function explainStatus(error: APIError, status: number, config: ModelConfig): ModelFailure {
  const address = shownAddress(config.provider);
  const { baseUrlSetting, keySetting } = config.provider;
  const reason = shown(error, config);
  switch (status) {
    case 401:
    case 403:
      return new ModelFailure(
        'model-unauthorized',
        `${address} refused the key (${status}). Set ${keySetting} to a key that this server accepts.`,
      );
    case 404:
      return new ModelFailure(
        'model-not-found',
        `${address} does not have the model ${config.model} (404: ${reason}). Set ${config.setting} to a model of this server, or correct ${baseUrlSetting}.`,
      );
    case 400:
    case 422:
      if (!/\btools?\b/i.test(reason)) break;
      return new ModelFailure(
        'model-without-tools',
        `${config.model} at ${address} cannot call tools (${status}: ${reason}). Set ${config.setting} to a model that can.`,
      );
    case 429:
      return new ModelFailure(
        'model-busy',
        `${address} takes no more requests for now (429: ${reason}). Try again later.`,
        { isRetryable: true, retryAfterMs: retryAfterMs(error) },
      );
  }
  return new ModelFailure('model-failed', `${address} answered with status ${status}: ${reason}`, {
    isRetryable: status >= 500 || status === 408,
    isOutage: status >= 500,
    retryAfterMs: retryAfterMs(error),
  });
}

/** What the server asks for: milliseconds, seconds, or a date. */
function retryAfterMs({ headers }: APIError): number {
  const ms = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (ms >= 0) return ms;
  const after = headers?.get('retry-after') ?? '';
  if (/^\d+(\.\d+)?$/.test(after)) return Number(after) * 1000;
  const at = Date.parse(after);
  return Number.isNaN(at) ? 0 : Math.max(0, at - Date.now());
}

/** Servers repeat what they were sent: the key must not come back in a message. */
function shown(error: unknown, { provider }: ModelConfig): string {
  const message = messageOf(error)
    .replace(/^\d{3} /, '')
    .replace(/\s+/g, ' ');
  const key = keyOf(provider);
  const secretless = key ? message.replaceAll(key, '[key]') : message;
  return secretless.length > shownMessageCharsMax ? `${secretless.slice(0, shownMessageCharsMax)}…` : secretless;
}

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'unknown host name',
  EAI_AGAIN: 'the host name could not be looked up',
  ECONNRESET: 'connection reset',
  UND_ERR_SOCKET: 'connection closed',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
};

function connectionCause(error: Error): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const words = 'code' in cause && typeof cause.code === 'string' ? causes[cause.code] : undefined;
    if (words) return words;
  }
  return 'no connection';
}
