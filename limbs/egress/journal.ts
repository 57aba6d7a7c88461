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
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LimbError, messageOf } from '../errors.ts';
import { chainOf, chainStart, type Entry, entryOf, payloadText, sha256 } from './entry.ts';
import { journalFiles } from './read.ts';

/** Their payloads are secrets: only the hash is kept. */
const secretReducers: ReadonlySet<string> = new Set(['redeemInvite']);

/**
 * What left this machine, in files of a month each that only grow. A message is written down before it is sent, and not
 * sent when it cannot be written down.
 */
export class EgressJournal {
  readonly #folder: string;
  #file: { readonly name: string; readonly fd: number } | undefined;
  #number = 0;
  #chain = chainStart;
  readonly #totals = new Map<string, EgressTotal>();

  /** Goes on where the newest file ends; the half of a line that a crash left is cut off. Throws `LimbError`. */
  static async open(folder: string): Promise<EgressJournal> {
    const journal = new EgressJournal(folder);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      await journal.#resume();
    } catch (error) {
      throw unwritable(folder, error);
    }
    return journal;
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Since the limb was started, by reducer. */
  get totals(): ReadonlyMap<string, EgressTotal> {
    return this.#totals;
  }

  /** Throws `LimbError` when it cannot be written. */
  record(reducer: string, payload: unknown): void {
    const text = payloadText(payload);
    const entry: Entry = {
      number: this.#number + 1,
      time: new Date().toISOString(),
      reducer,
      bytes: Buffer.byteLength(text),
      sha256: sha256(text),
      payload: secretReducers.has(reducer) ? null : JSON.parse(text),
      chain: '',
    };
    entry.chain = chainOf(this.#chain, entry);
    try {
      this.#append(`${entry.time.slice(0, 7)}.jsonl`, `${JSON.stringify(entry)}\n`);
    } catch (error) {
      throw unwritable(this.#folder, error);
    }
    this.#number = entry.number;
    this.#chain = entry.chain;
    const total = this.#totals.get(reducer) ?? { messages: 0, bytes: 0 };
    this.#totals.set(reducer, { messages: total.messages + 1, bytes: total.bytes + entry.bytes });
  }

  close(): void {
    if (this.#file) closeSync(this.#file.fd);
    this.#file = undefined;
  }

  async #resume(): Promise<void> {
    for (const name of journalFiles(readdirSync(this.#folder)).reverse()) {
      const text = await readFile(join(this.#folder, name), 'utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      if (whole.length < text.length) truncateSync(join(this.#folder, name), Buffer.byteLength(whole));
      const last = entryOf(whole.slice(whole.lastIndexOf('\n', whole.length - 2) + 1));
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

function unwritable(folder: string, error: unknown): LimbError {
  return new LimbError(
    'egress-journal',
    `What leaves this machine cannot be written down in ${folder} (${messageOf(error)}); nothing is sent until it can.`,
    { cause: error, isRetryable: true },
  );
}
