import type { LinkState } from '$lib/live/connection.ts';
import { backoffMs } from '$lib/live/hub.ts';
import { ask, Refused } from '../api.ts';

export interface LineListener {
  /** The host has answered: lines follow, from the beginning. */
  opened?(): void;
  line(text: string): void;
}

/** Follows an answer of the host that does not end, line by line, and asks again whenever it breaks off. */
export class LineStream {
  state: LinkState = $state.raw({ kind: 'connecting' });
  wasLive = $state(false);
  /** The host's words when it will not answer; empty otherwise. */
  refusal = $state('');
  readonly #path: string;
  readonly #listener: LineListener;
  #attempt = 0;
  #running = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onVisibility = () => (document.hidden ? this.#pause() : this.#resume());

  /** @param path what follows `/v1/` */
  constructor(path: string, listener: LineListener) {
    this.#path = path;
    this.#listener = listener;
    // A browser opens few connections to one host: a page that nobody sees leaves them to others.
    document.addEventListener('visibilitychange', this.#onVisibility);
    window.addEventListener('online', this.#onVisibility);
    void this.#run();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    window.removeEventListener('online', this.#onVisibility);
    this.#pause();
  }

  retryNow(): void {
    if (this.state.kind === 'waiting') this.#resume();
  }

  #pause(): void {
    clearTimeout(this.#timer);
    this.#running.abort();
  }

  #resume(): void {
    if (this.refusal !== '' || (this.state.kind === 'live' && !this.#running.signal.aborted)) return;
    this.#pause();
    void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.state = { kind: 'connecting' };
    try {
      const response = await ask(this.#path, { signal });
      this.#attempt = 0;
      this.state = { kind: 'live' };
      this.wasLive = true;
      this.#listener.opened?.();
      await this.#read(response, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused && error.status < 500) {
        this.refusal = error.message;
        return;
      }
    }
    if (signal.aborted) return;
    const delayMs = backoffMs(this.#attempt, Math.random());
    this.#attempt += 1;
    this.state = { kind: 'waiting', retryAt: Date.now() + delayMs };
    this.#timer = setTimeout(() => void this.#run(), delayMs);
  }

  async #read(response: Response, signal: AbortSignal): Promise<void> {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done || signal.aborted) return;
      const lines = `${rest}${value}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#listener.line(line);
    }
  }
}
