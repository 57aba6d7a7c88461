import type { ClientMessage } from '../contract.ts';
import { WireError } from './error.ts';
import { Reader } from './reader.ts';

/** How many messages one frame may hold: version 2 exactly one, version 3 one or more back to back. */
export type ProtocolVersion = 2 | 3;

/**
 * Decodes one frame from a client and hands over each message in order. Byte strings are views into `frame`.
 * @throws WireError when the frame does not decode to its end; messages before the fault were handed over already.
 */
export function decodeClientFrame(
  version: ProtocolVersion,
  frame: Buffer,
  visit: (message: ClientMessage) => void,
): void {
  const reader = new Reader(frame);
  if (reader.remaining === 0) throw new WireError('an empty frame: expected at least one message');
  do {
    visit(decodeMessage(reader));
  } while (version === 3 && reader.remaining > 0);
  if (reader.remaining > 0) {
    throw new WireError(`${reader.remaining} bytes after the message: version 2 frames hold exactly one`);
  }
}

function decodeMessage(reader: Reader): ClientMessage {
  const tag = reader.u8('the message tag');
  switch (tag) {
    case 0: {
      const requestId = reader.u32('Subscribe.request_id');
      const querySetId = reader.u32('Subscribe.query_set_id');
      return { kind: 'subscribe', requestId, querySetId, queries: reader.strings('Subscribe.query_strings') };
    }
    case 1: {
      const requestId = reader.u32('Unsubscribe.request_id');
      const querySetId = reader.u32('Unsubscribe.query_set_id');
      const flags = reader.u8('Unsubscribe.flags');
      if (flags > 1) throw new WireError(`Unsubscribe.flags is ${flags}, expected 0 or 1`);
      return { kind: 'unsubscribe', requestId, querySetId, sendDroppedRows: flags === 1 };
    }
    case 2: {
      const requestId = reader.u32('OneOffQuery.request_id');
      return { kind: 'query', requestId, sql: reader.string('OneOffQuery.query') };
    }
    case 3:
      return decodeCall(reader, 'call-reducer');
    case 4:
      return decodeCall(reader, 'call-procedure');
    default:
      throw new WireError(`message tag ${tag}, expected 0 to 4`);
  }
}

function decodeCall(reader: Reader, kind: 'call-reducer' | 'call-procedure'): ClientMessage {
  const requestId = reader.u32('a call’s request_id');
  const flags = reader.u8('a call’s flags');
  if (flags !== 0) throw new WireError(`a call’s flags are ${flags}, expected 0`);
  const name = reader.string('a call’s function name');
  return { kind, requestId, name, args: reader.bytes('a call’s arguments') };
}
