import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { ServerMessage } from '../contract.ts';
import type { ProtocolVersion } from './client-message.ts';
import { encodeServerMessage } from './server-message.ts';
import { Writer } from './writer.ts';

export type Compression = 'none' | 'gzip' | 'brotli';

/** Frames up to this size are never compressed. */
const compressAboveBytes = 1024;
/** A scratch buffer that grew beyond this is given back. */
const scratchKeptBytesMax = 4 * 1024 * 1024;

/**
 * Turns messages into frames: a tag byte, then one message (version 2) or many (version 3).
 *
 * Consecutive calls with the same content get the very same buffers back, so a thousand clients with one subscription
 * cost one encoding and one compression.
 */
export class FrameEncoder {
  #scratch = new Writer();
  readonly #frameBytesMax: number;
  #last: { version: ProtocolVersion; messages: readonly ServerMessage[]; frames: Buffer[] } | undefined;
  readonly #compressed = { gzip: new WeakMap<Buffer, Buffer>(), brotli: new WeakMap<Buffer, Buffer>() };

  /** @param frameBytesMax a version 3 frame ends before the message that would make it larger */
  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  encode(version: ProtocolVersion, compression: Compression, messages: readonly ServerMessage[]): readonly Buffer[] {
    const frames = this.#plain(version, messages);
    return compression === 'none' ? frames : frames.map((frame) => this.#compress(frame, compression));
  }

  /** Forgets what it remembers of earlier calls, so that their rows can be freed. */
  forget(): void {
    this.#last = undefined;
  }

  #plain(version: ProtocolVersion, messages: readonly ServerMessage[]): Buffer[] {
    if (this.#last?.version === version && sameMessages(this.#last.messages, messages)) return this.#last.frames;
    const frames: Buffer[] = [];
    const scratch = this.#scratch;
    scratch.reset();
    let start = 0;
    for (const message of messages) {
      const end = scratch.length;
      encodeServerMessage(scratch, message);
      const isFull = version === 2 || 1 + scratch.length - start > this.#frameBytesMax;
      if (isFull && end > start) {
        frames.push(frame(scratch, start, end));
        start = end;
      }
    }
    if (scratch.length > start) frames.push(frame(scratch, start, scratch.length));
    if (scratch.length > scratchKeptBytesMax) this.#scratch = new Writer();
    this.#last = { version, messages, frames };
    return frames;
  }

  #compress(plain: Buffer, compression: 'gzip' | 'brotli'): Buffer {
    if (plain.length <= compressAboveBytes) return plain;
    const known = this.#compressed[compression].get(plain);
    if (known !== undefined) return known;
    const compressed = compressFrame(plain, compression);
    this.#compressed[compression].set(plain, compressed);
    return compressed;
  }
}

/** The same frame with its content compressed, when it is above 1 KiB. */
export function compressFrame(plain: Buffer, compression: Compression): Buffer {
  if (compression === 'none' || plain.length <= compressAboveBytes) return plain;
  const payload = plain.subarray(1);
  const body =
    compression === 'gzip'
      ? gzipSync(payload, { level: 1 })
      : brotliCompressSync(payload, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
  return Buffer.concat([Buffer.of(compression === 'brotli' ? 1 : 2), body]);
}

function frame(scratch: Writer, start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(1 + end - start);
  bytes[0] = 0;
  scratch.view(start, end).copy(bytes, 1);
  return bytes;
}

/** Whether two lists encode to the same bytes, as far as identities tell. */
function sameMessages(left: readonly ServerMessage[], right: readonly ServerMessage[]): boolean {
  return left.length === right.length && left.every((message, position) => sameMessage(message, right[position]));
}

function sameMessage(left: ServerMessage, right: ServerMessage | undefined): boolean {
  if (left === right) return true;
  if (left.kind !== 'transaction-update' || right?.kind !== 'transaction-update') return false;
  if (left.update.length !== right.update.length) return false;
  return left.update.every((querySet, position) => {
    const other = right.update[position];
    return querySet === other || (querySet.querySetId === other?.querySetId && querySet.tables === other.tables);
  });
}
