import type { ClientMessage, ServerMessage } from '../contract.ts';
import { decodeClientFrame, type ProtocolVersion } from './client-message.ts';
import type { Compression, FrameEncoder } from './frame.ts';

/** How the frames of one connection are read and written. */
export interface Codec {
  /** Whether frames are text; they are binary otherwise. */
  readonly isText: boolean;
  /** Clients of version 1 cannot tell the rows of an event table from stored ones, so they get none. */
  readonly refusesEventTables: boolean;
  /** Hands over each message of one frame in order. @throws WireError when the frame does not decode to its end */
  decode(frame: Buffer, visit: (message: ClientMessage) => void): void;
  encode(encoder: FrameEncoder, messages: readonly ServerMessage[]): readonly (Buffer | string)[];
}

/** The codec of versions 2 and 3, which keeps nothing between frames. */
export function batchCodec(version: ProtocolVersion, compression: Compression): Codec {
  return {
    isText: false,
    refusesEventTables: false,
    decode: (frame, visit) => decodeClientFrame(version, frame, visit),
    encode: (encoder, messages) => encoder.encode(version, compression, messages),
  };
}
