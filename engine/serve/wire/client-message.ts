import { DecodeError } from '../../bsatn/error.ts';
import { Reader } from '../../bsatn/reader.ts';
import type { ClientMessage } from '../contract.ts';
import { WireError } from './error.ts';

/** How many messages one frame may hold: version 2 exactly one, version 3 one or more back to back. */
export type ProtocolVersion = 2 | 3;

/**
 * Decodes one frame from a client and hands over each message in order. Arguments are views into `frame`.
 * @throws WireError when the frame does not decode to its end; messages before the fault were handed over already.
 */
export function decodeClientFrame(
  version: ProtocolVersion,
  frame: Uint8Array,
  visit: (message: ClientMessage) => void,
): void {
  const reader = new Reader(frame);
  if (reader.remaining === 0) throw new WireError('the frame is empty, expected at least one message');
  try {
    do {
      visit(decodeMessage(reader));
    } while (version === 3 && reader.remaining > 0);
  } catch (cause) {
    if (cause instanceof DecodeError) throw new WireError(cause.message, { cause });
    throw cause;
  }
  if (reader.remaining > 0) {
    throw new WireError(`${reader.remaining} bytes follow the message, but a version 2 frame holds exactly one`);
  }
}

function decodeMessage(reader: Reader): ClientMessage {
  const tag = reader.u8();
  switch (tag) {
    case 0:
      return {
        kind: 'subscribe',
        requestId: reader.u32(),
        querySetId: reader.u32(),
        queries: decodeStrings(reader),
      };
    case 1: {
      const requestId = reader.u32();
      const querySetId = reader.u32();
      const flags = reader.u8();
      if (flags > 1) throw new WireError(`the flags of Unsubscribe are ${flags}, expected 0 or 1`);
      return { kind: 'unsubscribe', requestId, querySetId, sendDroppedRows: flags === 1 };
    }
    case 2:
      return { kind: 'query', requestId: reader.u32(), sql: reader.string() };
    case 3:
      return decodeCall(reader, 'call-reducer');
    case 4:
      return decodeCall(reader, 'call-procedure');
    default:
      throw new WireError(`a message has tag ${tag}, expected 0 to 4`);
  }
}

function decodeCall(reader: Reader, kind: 'call-reducer' | 'call-procedure'): ClientMessage {
  const requestId = reader.u32();
  const flags = reader.u8();
  if (flags !== 0) throw new WireError(`the flags of a call are ${flags}, expected 0`);
  return { kind, requestId, name: reader.string(), args: reader.byteArray() };
}

function decodeStrings(reader: Reader): string[] {
  const count = reader.u32();
  // Each has at least its length: checked first, so that a forged count allocates nothing.
  if (count * 4 > reader.remaining) {
    throw new WireError(`${count} queries are announced, but only ${reader.remaining} bytes follow`);
  }
  return Array.from({ length: count }, () => reader.string());
}
