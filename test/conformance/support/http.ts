/** An answer over HTTP, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; undefined when it is none. */
  readonly json: unknown;
}

export interface AskOptions {
  readonly body?: string | Uint8Array;
  readonly headers?: Record<string, string>;
  /** null: none. */
  readonly token?: string | null;
}

export type Ask = (method: string, path: string, options?: AskOptions) => Promise<Answer>;

/** Sends requests to one host with a token of its own. */
export function asker(url: string, ownToken?: string): Ask {
  return async (method, path, { body, headers = {}, token = ownToken } = {}) => {
    const authorization = token ? { authorization: `Bearer ${token}` } : {};
    const response = await fetch(url + path, {
      method,
      headers: { ...authorization, ...headers },
      body: (body ?? null) as string | null,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
