import type { Writable } from 'node:stream';
import type { Tools } from '../engine.ts';
import { callMark } from './program.ts';

const callMarkBytes = Buffer.from(callMark);
const lineEnd = 0x0a;
const callBytesMax = 64 * 1024;
const replyBytesMax = 256 * 1024;
/** In one run. */
const callsMax = 200;
/** So many more hear that; what comes after them is output, and counts as such: nobody may read the answers. */
const refusalsMax = 200;
const tooManyCalls = { error: `a program may call tools ${callsMax} times` };

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
      if (this.#count >= callsMax + refusalsMax) {
        this.#rest = Buffer.alloc(0);
        return Buffer.concat([...output, rest]);
      }
      const start = beginningOf(rest);
      output.push(rest.subarray(0, start));
      rest = rest.subarray(start);
      const end = rest.indexOf(lineEnd);
      const isWhole = end !== -1 && rest.length >= callMarkBytes.length;
      if (!isWhole && rest.length <= callBytesMax) break;
      if (!isWhole || end > callBytesMax) {
        // No call is so long: it is output after all.
        output.push(rest.subarray(0, callMarkBytes.length));
        rest = rest.subarray(callMarkBytes.length);
        continue;
      }
      this.#answer(rest.subarray(callMarkBytes.length, end).toString('utf8'));
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
    const number = this.#count;
    this.#last = this.#last.then(async () => {
      try {
        this.#reply(number > callsMax ? tooManyCalls : await this.#call(json));
        if (number === callsMax + refusalsMax) this.#replies.end();
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
    const fits = Buffer.byteLength(line) <= replyBytesMax;
    this.#replies.write(`${fits ? line : JSON.stringify({ error: 'the answer is too long; ask for less' })}\n`);
  }
}

/** What a tool answers a program. */
export type Reply = { readonly value: unknown } | { readonly error: string };

/** Where the mark begins, or a first part of it at the very end; the length of the bytes when neither is there. */
function beginningOf(bytes: Buffer): number {
  const whole = bytes.indexOf(callMarkBytes);
  if (whole !== -1) return whole;
  for (let length = Math.min(callMarkBytes.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(callMarkBytes.subarray(0, length))) return bytes.length - length;
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
