import { AsyncLocalStorage } from 'node:async_hooks';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { LimbError, messageOf } from '../errors.ts';
import { chainOf, chainStart, type Entry, entryOf, kindOf, payloadText, sha256 } from './entry.ts';
import { lastLine } from './last-line.ts';
import { journalFiles } from './read.ts';
import type { OutwardRequest } from './request.ts';

/** Their payloads are secrets: only the hash is kept. */
const secretReducers: ReadonlySet<string> = new Set(['redeemInvite']);

/**
 * What left this machine, in files of a month each that only grow. A message is written down before it is sent, and not
 * sent when it cannot be written down.
 */
export class EgressJournal {
  readonly #folder: string;
  #file: { readonly name: string; readonly fd: number } | undefined;
  /** By its name. */
  #newest = '';
  #number = 0;
  #chain = chainStart;
  readonly #totals = new Map<string, EgressTotal>();
  readonly #task = new AsyncLocalStorage<string>();

  /** Goes on where the newest file ends; the half of a line that a crash left is cut off. Throws `LimbError`. */
  static async open(folder: string): Promise<EgressJournal> {
    const journal = new EgressJournal(folder);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      journal.#resume();
    } catch (error) {
      throw unwritable(folder, error);
    }
    return journal;
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Since the limb was started, by reducer or request. */
  get totals(): ReadonlyMap<string, EgressTotal> {
    return this.#totals;
  }

  /** Writes a message to the hub down. Throws `LimbError` when it cannot be written. */
  record(reducer: string, payload: unknown): void {
    const text = payloadText(payload);
    const kept: unknown = secretReducers.has(reducer) ? null : JSON.parse(text);
    this.#write({ ...this.#next(), reducer, ...contentOf(text, kept) });
  }

  /** Writes a request to anybody else down. Throws `LimbError` when it cannot be written. */
  recordRequest({ method, url, body }: OutwardRequest): void {
    const task = this.#task.getStore() ?? '';
    const to = { ...this.#next(), to: url.origin };
    if (body === undefined) {
      const payload = { url: url.href };
      this.#write({ ...to, request: method, task, ...contentOf(payloadText(payload), payload) });
    } else this.#write({ ...to, request: `${method} ${url.pathname}`, task, ...contentOf(body, null) });
  }

  /** Works for a task: its requests are noted as such. */
  during<T>(taskId: bigint, work: () => Promise<T>): Promise<T> {
    return this.#task.run(taskId.toString(), work);
  }

  close(): void {
    if (this.#file) closeSync(this.#file.fd);
    this.#file = undefined;
  }

  #next() {
    return { number: this.#number + 1, time: new Date().toISOString() };
  }

  #write(entry: Entry): void {
    entry.chain = chainOf(this.#chain, entry);
    try {
      this.#append(this.#fileFor(entry.time), `${JSON.stringify(entry)}\n`);
    } catch (error) {
      throw unwritable(this.#folder, error);
    }
    this.#number = entry.number;
    this.#chain = entry.chain;
    const kind = kindOf(entry);
    const { messages = 0, bytes = 0 } = this.#totals.get(kind) ?? {};
    this.#totals.set(kind, { isToHub: 'reducer' in entry, messages: messages + 1, bytes: bytes + entry.bytes });
  }

  /** The file of the month; the newest one still while the clock stands before it: files are read in their order. */
  #fileFor(time: string): string {
    const name = `${time.slice(0, 7)}.jsonl`;
    if (name > this.#newest) this.#newest = name;
    return this.#newest;
  }

  #resume(): void {
    for (const name of journalFiles(readdirSync(this.#folder)).reverse()) {
      if (name > this.#newest) this.#newest = name;
      const file = join(this.#folder, name);
      const { line, end } = lastLine(file);
      truncateSync(file, end);
      const last = entryOf(line);
      if (!last) continue;
      this.#number = last.number;
      this.#chain = last.chain;
      return;
    }
  }

  #append(name: string, line: string): void {
    const { fd } = this.#file?.name === name ? this.#file : this.#open(name);
    const { size } = fstatSync(fd);
    const bytes = Buffer.from(line);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written);
    } catch (error) {
      ftruncateSync(fd, size);
      throw error;
    }
  }

  #open(name: string): { readonly name: string; readonly fd: number } {
    this.close();
    this.#file = { name, fd: openSync(join(this.#folder, name), 'a', 0o600) };
    return this.#file;
  }
}

export interface EgressTotal {
  readonly isToHub: boolean;
  readonly messages: number;
  readonly bytes: number;
}

/** The same reducers, each call written down before it is made. One without arguments, such as a pong, carries nothing. */
export function journaled<T extends object>(reducers: T, journal: EgressJournal): T {
  return new Proxy(reducers, {
    get(target, name) {
      const call: unknown = Reflect.get(target, name);
      if (typeof call !== 'function' || typeof name !== 'string') return call;
      return async (payload?: object) => {
        if (payload !== undefined && Object.keys(payload).length > 0) journal.record(name, payload);
        return Reflect.apply(call, target, [payload]);
      };
    },
  });
}

function contentOf(text: string, payload: unknown) {
  return { bytes: Buffer.byteLength(text), sha256: sha256(text), payload, chain: '' };
}

function unwritable(folder: string, error: unknown): LimbError {
  return new LimbError(
    'egress-journal',
    `What leaves this machine cannot be written down in ${folder} (${messageOf(error)}); nothing is sent until it can.`,
    { cause: error, isRetryable: true },
  );
}
