import { codeIn, takeCodeFromAddress } from '$lib/live/credentials.ts';
import { ask, Refused } from './api.ts';

// A key of its own: this is the owner's token, the web face's is a member's.
const tokenKey = 'helix.dashboard.token';
const jwt = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Who looks. */
class Session {
  /** Empty when nobody is signed in. */
  token = $state('');
  isBusy = $state(false);
  /** Why nobody is signed in, when that is not what somebody wanted. */
  error = $state('');
  /** 64 hex digits; empty when nobody is signed in. */
  readonly identity = $derived(identityIn(this.token));

  /** Takes up the token that is kept, or the code in the address, which is gone from there at once. */
  start(): void {
    this.token = kept();
    const code = takeCodeFromAddress();
    if (code !== undefined) void this.signIn(code);
    // A link that is pasted into the address of the open page does not load it again.
    window.addEventListener('hashchange', () => {
      const later = takeCodeFromAddress();
      if (later !== undefined) void this.signIn(later);
    });
  }

  /** @param pasted a link, a code, or a token */
  async signIn(pasted: string): Promise<void> {
    this.isBusy = true;
    this.error = '';
    try {
      this.#keep(await tokenFor(pasted));
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    } finally {
      this.isBusy = false;
    }
  }

  signOut(): void {
    this.#keep('');
    this.error = '';
  }

  /** The host does not take the token any more. */
  refused(reason: string): void {
    this.#keep('');
    this.error = `You were signed out: ${reason}`;
  }

  #keep(token: string): void {
    this.token = token;
    try {
      if (token === '') localStorage.removeItem(tokenKey);
      else localStorage.setItem(tokenKey, token);
    } catch {
      // Where a browser stores nothing, the sign-in lasts as long as the page.
    }
  }
}

async function tokenFor(pasted: string): Promise<string> {
  const text = codeIn(pasted);
  if (!jwt.test(text)) {
    const answer = await ask('identity/redeem', { method: 'POST', body: text });
    return ((await answer.json()) as { token: string }).token;
  }
  const identity = identityIn(text);
  if (identity === '') throw new Refused(401, 'That is no token of this host: it names no identity.');
  await ask(`identity/${identity}/verify?token=${encodeURIComponent(text)}`);
  return text;
}

function kept(): string {
  try {
    return localStorage.getItem(tokenKey) ?? '';
  } catch {
    return '';
  }
}

function identityIn(token: string): string {
  const [, claims = ''] = token.split('.');
  try {
    const text = atob(claims.replaceAll('-', '+').replaceAll('_', '/'));
    const { hex_identity: identity } = JSON.parse(text) as { hex_identity?: unknown };
    return typeof identity === 'string' ? identity : '';
  } catch {
    return '';
  }
}

export const session = new Session();
