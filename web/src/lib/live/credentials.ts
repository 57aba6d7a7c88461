import { hubOrigin } from './hub.ts';

const tokenKey = 'helix.token';

/** Where a browser refuses to store anything, the sign-in lasts as long as the page. */
let unstored: string | undefined;

export function storedToken(): string | undefined {
  try {
    return localStorage.getItem(tokenKey) ?? undefined;
  } catch {
    return unstored;
  }
}

/** Keeps the token, or forgets it. */
export function storeToken(token: string | undefined): void {
  try {
    if (token === undefined) localStorage.removeItem(tokenKey);
    else localStorage.setItem(tokenKey, token);
  } catch {
    unstored = token;
  }
}

/** Whether another page of this browser has forgotten the token. */
export function isSignOut({ key, newValue }: StorageEvent): boolean {
  return key === tokenKey && newValue === null;
}

/** Whether the hub says that it does not know this token; false when the hub says nothing. */
export async function isTokenRefused(token: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('v1/identity/websocket-token', hubOrigin()), {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
    });
    return response.status === 401 || response.status === 403;
  } catch {
    return false;
  }
}

/** The sign-in code in what somebody pasted: a whole link, its fragment, or the bare code. */
export function codeIn(text: string): string {
  const fragment = text.slice(text.indexOf('#') + 1);
  return (new URLSearchParams(fragment).get('code') ?? text).trim();
}

/** Takes the sign-in code out of the address, so that it stays in no history, bookmark or screenshot. */
export function takeCodeFromAddress(): string | undefined {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code === null) return undefined;
  history.replaceState(history.state, '', location.pathname + location.search);
  return code.trim() === '' ? undefined : code.trim();
}

/** What a new member is called until somebody says better: `Firefox on Linux`. */
export function deviceName(): string {
  const agent = navigator.userAgent;
  const browser = /Edg\//.test(agent)
    ? 'Edge'
    : /Firefox\//.test(agent)
      ? 'Firefox'
      : /Chrom(e|ium)\//.test(agent)
        ? 'Chrome'
        : /Safari\//.test(agent)
          ? 'Safari'
          : 'Browser';
  const system = /Android/.test(agent)
    ? 'Android'
    : /iPhone|iPad/.test(agent)
      ? 'iOS'
      : /Windows/.test(agent)
        ? 'Windows'
        : /Mac OS X/.test(agent)
          ? 'macOS'
          : /CrOS/.test(agent)
            ? 'ChromeOS'
            : /Linux/.test(agent)
              ? 'Linux'
              : 'an unknown system';
  return `${browser} on ${system}`;
}
