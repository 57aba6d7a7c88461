import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { LimbError, messageOf } from '../errors.ts';
import { type Endpoint, shownAddress } from './settings.ts';

/** A server may first have to load its model. */
const answerMsMax = 180_000;

const shownMessageCharsMax = 200;

export function openEndpoint(endpoint: Endpoint): OpenAI {
  return new OpenAI({
    baseURL: endpoint.baseUrl,
    // Many servers at home want no key; the client wants one always.
    apiKey: endpoint.apiKey ?? 'none',
    organization: null,
    project: null,
    timeout: answerMsMax,
    maxRetries: 2,
    logLevel: 'off',
  });
}

/** What a failed request means and what to do about it, without any secret. */
export function explain(error: unknown, endpoint: Endpoint, model: string | undefined): LimbError {
  if (error instanceof LimbError) return error;
  const address = shownAddress(endpoint);
  if (error instanceof APIConnectionTimeoutError) {
    return new LimbError(
      'model-timeout',
      `${address} did not answer within ${answerMsMax / 1000} s. Is the server overloaded, or the model too large for it?`,
      { isRetryable: true },
    );
  }
  if (error instanceof APIConnectionError) {
    return new LimbError(
      'model-unreachable',
      `${address} cannot be reached (${connectionCause(error)}). Start the server or correct ${endpoint.baseUrlVariable}.`,
      { isRetryable: true },
    );
  }
  if (error instanceof APIError && error.status !== undefined) return explainStatus(error, endpoint, model);
  return new LimbError(
    'model-bad-answer',
    `${address} sent an answer that is not of the OpenAI chat protocol (${shown(error, endpoint)}). Does ${endpoint.baseUrlVariable} name an OpenAI-compatible server?`,
  );
}

function explainStatus(error: APIError, endpoint: Endpoint, model: string | undefined): LimbError {
  const address = shownAddress(endpoint);
  const reason = shown(error, endpoint);
  switch (error.status) {
    case 401:
    case 403:
      return new LimbError(
        'model-unauthorized',
        `${address} refused the key (${error.status}). Set ${endpoint.apiKeyVariable} to a key that this server accepts.`,
      );
    case 404:
      return new LimbError(
        'model-not-found',
        `${address} does not have the model ${model ?? ''} (404: ${reason}). Set ${endpoint.modelVariable} to a model of this server, or correct ${endpoint.baseUrlVariable}.`,
      );
    case 400:
      if (!/\btools?\b/i.test(reason)) break;
      return new LimbError(
        'model-without-tools',
        `${model ?? 'The model'} at ${address} cannot call tools (400: ${reason}). Set ${endpoint.modelVariable} to a model that can.`,
      );
    case 429:
      return new LimbError(
        'model-busy',
        `${address} takes no more requests for now (429: ${reason}). Try again later.`,
        {
          isRetryable: true,
        },
      );
  }
  return new LimbError('model-failed', `${address} answered with status ${error.status}: ${reason}`, {
    isRetryable: (error.status ?? 0) >= 500,
  });
}

/** Servers repeat what they were sent: the key must not come back in a message. */
function shown(error: unknown, endpoint: Endpoint): string {
  const message = messageOf(error)
    .replace(/^\d{3} /, '')
    .replace(/\s+/g, ' ');
  const secretless = endpoint.apiKey ? message.replaceAll(endpoint.apiKey, '[key]') : message;
  return secretless.length > shownMessageCharsMax ? `${secretless.slice(0, shownMessageCharsMax)}…` : secretless;
}

function connectionCause(error: Error): string {
  const codes: Record<string, string> = {
    ECONNREFUSED: 'connection refused',
    ENOTFOUND: 'unknown host name',
    EAI_AGAIN: 'the host name could not be looked up',
    ECONNRESET: 'connection reset',
    UND_ERR_SOCKET: 'connection closed',
  };
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
    if (codes[code]) return codes[code];
  }
  return 'no connection';
}
