import { hubOrigin } from '$lib/live/hub.ts';
import { session } from './session.svelte.ts';

/** An answer of the host that is no success, in its own words. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The host did not answer. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('The host does not answer.', { cause });
  }
}

export interface Asked {
  readonly method?: 'GET' | 'POST';
  readonly body?: string;
  readonly json?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Asks the host as whoever is signed in.
 * @param path what follows `/v1/`
 * @throws Refused, Unreachable, or the signal's reason
 */
export async function ask(path: string, { method = 'GET', body, json, signal }: Asked = {}): Promise<Response> {
  const headers: Record<string, string> = json ? { 'content-type': 'application/json' } : {};
  const { token } = session;
  if (token !== '') headers['authorization'] = `Bearer ${token}`;
  const init = { method, headers, ...(body !== undefined && { body }), ...(signal && { signal }) };
  const response = await fetch(new URL(`v1/${path}`, hubOrigin()), init).catch((error) => {
    throw signal?.aborted ? signal.reason : new Unreachable(error);
  });
  if (response.ok) return response;
  const text = (await response.text()).trim();
  if (response.status === 401 && token !== '' && token === session.token) session.refused(text);
  throw new Refused(response.status, text || `The host answered ${response.status}.`);
}
