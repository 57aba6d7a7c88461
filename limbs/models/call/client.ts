import OpenAI, { type ClientOptions } from 'openai';
import { Agent, fetch, type RequestInit } from 'undici';
import type { NoteRequest } from '../../egress/index.ts';
import { type CallLimits, keyOf, type ProviderConfig } from '../config/config.ts';

type Fetch = NonNullable<ClientOptions['fetch']>;

/** The longest timer that there is stands for no limit: calls have their own. */
const noLimitMs = 2 ** 31 - 1;

/** A client of one provider, and its connections, which `close` ends. */
export interface Client {
  readonly api: OpenAI;
  close(): Promise<void>;
}

/** `note` writes down what is asked; a request without a body, such as for the list of models, carries nothing. */
export function openClient(
  provider: ProviderConfig,
  { connectMs }: Pick<CallLimits, 'connectMs'>,
  note?: NoteRequest,
): Client {
  const agent = new Agent({ connect: { timeout: connectMs }, headersTimeout: 0, bodyTimeout: 0 });
  const api = new OpenAI({
    baseURL: provider.baseUrl,
    // Many servers at home want no key; the client wants one always.
    apiKey: keyOf(provider) ?? 'none',
    organization: null,
    project: null,
    timeout: noLimitMs,
    maxRetries: 0,
    logLevel: 'off',
    // The agent and the function that it is for must be of the same package.
    fetch: (async (url: string, init: RequestInit) => {
      if (typeof init.body === 'string') note?.({ method: init.method ?? 'POST', url: new URL(url), body: init.body });
      return fetch(url, { ...init, dispatcher: agent });
    }) as unknown as Fetch,
  });
  return { api, close: () => agent.destroy() };
}
