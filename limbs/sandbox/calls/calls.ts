import type { Writable } from 'node:stream';
import type { Tools } from '../engine.ts';
import { CALL_MARK } from './program.ts';

const MARK = Buffer.from(CALL_MARK);
const LINE_END = 0x0a;
const CALL_BYTES_MAX = 64 * 1024;
const REPLY_BYTES_MAX = 256 * 1024;
/** In one run. */
const CALLS_MAX = 200;

/** Takes the calls of tools out of what a program prints, has them answered one after the other, and sends the answers in. */
export class ToolCalls {
  readonly #tools: Tools;
  readonly #replies: Writable;
  readonly #onFailure: (error: unknown) => void;
  #rest = Buffer.alloc(0);
  #count = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(tools: Tools, replies: Writable, onFailure: (error: unknown) => void) {
    this.#tools = tools;
    this.#replies = replies;
    this.#onFailure = onFailure;
  }

  /** What of the bytes is the program's own output. The beginning of a call is kept until its end has come. */
  take(bytes: Buffer): Buffer {
    let rest = Buffer.concat([this.#rest, bytes]);
    const output: Buffer[] = [];
    for (;;) {
      const start = beginningOf(rest);
      output.push(rest.subarray(0, start));
      rest = rest.subarray(start);
      const end = rest.indexOf(LINE_END);
      const isWhole = end !== -1 && rest.length >= MARK.length;
      if (!isWhole && rest.length <= CALL_BYTES_MAX) break;
      if (!isWhole || end > CALL_BYTES_MAX) {
        // No call is so long: it is output after all.
        output.push(rest.subarray(0, MARK.length));
        rest = rest.subarray(MARK.length);
        continue;
      }
      this.#answer(rest.subarray(MARK.length, end).toString('utf8'));
      rest = rest.subarray(end + 1);
    }
    this.#rest = rest;
    return Buffer.concat(output);
  }

  /** What was kept as the beginning of a call that never ended. */
  end(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest;
  }

  #answer(json: string): void {
    this.#count += 1;
    if (this.#count > CALLS_MAX) {
      this.#reply({ error: `a program may call tools ${CALLS_MAX} times` });
      return;
    }
    this.#last = this.#last.then(async () => {
      try {
        this.#reply(await this.#call(json));
      } catch (error) {
        this.#onFailure(error);
      }
    });
  }

  async #call(json: string): Promise<Reply> {
    const call = parseCall(json);
    return call ? this.#tools.call(call.name, call.arguments) : { error: 'this is no call of a tool' };
  }

  #reply(reply: Reply): void {
    const line = JSON.stringify(reply);
    const fits = Buffer.byteLength(line) <= REPLY_BYTES_MAX;
    this.#replies.write(`${fits ? line : JSON.stringify({ error: 'the answer is too long; ask for less' })}\n`);
  }
}

/** What a tool answers a program. */
export type Reply = { readonly value: unknown } | { readonly error: string };

/** Where the mark begins, or a first part of it at the very end; the length of the bytes when neither is there. */
function beginningOf(bytes: Buffer): number {
  const whole = bytes.indexOf(MARK);
  if (whole !== -1) return whole;
  for (let length = Math.min(MARK.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(MARK.subarray(0, length))) return bytes.length - length;
  }
  return bytes.length;
}

function parseCall(json: string): { name: string; arguments: unknown } | undefined {
  try {
    const call: unknown = JSON.parse(json);
    if (typeof call !== 'object' || call === null || !('name' in call) || typeof call.name !== 'string')
      return undefined;
    return { name: call.name, arguments: 'arguments' in call ? call.arguments : {} };
  } catch {
    return undefined;
  }
}
