import { DecodeError } from '../../../bsatn/error.ts';
import { Reader } from '../../../bsatn/reader.ts';
import { bsatnOfJson, JsonError, parseJson } from '../../../bsatn/satsjson-read.ts';
import { WireError } from '../error.ts';
import { clientMessageShape } from './shapes.ts';

/** Messages of the version 1 protocols, decoded. */
export type V1ClientMessage = V1Call | V1Subscribe | V1Unsubscribe | V1Query;

export interface V1Call {
  readonly kind: 'call-reducer' | 'call-procedure';
  readonly requestId: number;
  readonly name: string;
  /** BSATN, or in the JSON protocol the text of a JSON array. */
  readonly args: Uint8Array;
  /** No answer is wanted when the call ends well and changes nothing that the caller sees. */
  readonly isQuiet: boolean;
}

export interface V1Subscribe {
  /** `subscribe` takes the place of every earlier `subscribe`; the others stand for themselves. */
  readonly kind: 'subscribe' | 'subscribe-single' | 'subscribe-multi';
  readonly requestId: number;
  /** Undefined for `subscribe`. */
  readonly queryId: number | undefined;
  readonly queries: readonly string[];
}

export interface V1Unsubscribe {
  readonly kind: 'unsubscribe-single' | 'unsubscribe-multi';
  readonly requestId: number;
  readonly queryId: number;
}

export interface V1Query {
  readonly kind: 'query';
  readonly messageId: Uint8Array;
  readonly sql: string;
}

/** Decodes the one message of a binary frame. @throws WireError */
export function decodeV1Frame(frame: Uint8Array): V1ClientMessage {
  const reader = new Reader(frame);
  try {
    const message = decodeMessage(reader);
    reader.finish();
    return message;
  } catch (cause) {
    if (cause instanceof DecodeError) throw new WireError(cause.message, { cause });
    throw cause;
  }
}

/** Decodes the one message of a text frame. @throws WireError */
export function decodeV1Text(text: string): V1ClientMessage {
  try {
    return decodeV1Frame(bsatnOfJson(clientMessageShape, parseJson(text), 'message'));
  } catch (cause) {
    if (cause instanceof JsonError) throw new WireError(cause.message, { cause });
    throw cause;
  }
}

function decodeMessage(reader: Reader): V1ClientMessage {
  const tag = reader.u8();
  switch (tag) {
    case 0:
      return decodeCall(reader, 'call-reducer');
    case 1: {
      const queries = strings(reader);
      return { kind: 'subscribe', requestId: reader.u32(), queryId: undefined, queries };
    }
    case 2:
      return { kind: 'query', messageId: reader.byteArray(), sql: reader.string() };
    case 3: {
      const queries = [reader.string()];
      return { kind: 'subscribe-single', requestId: reader.u32(), queryId: reader.u32(), queries };
    }
    case 4: {
      const queries = strings(reader);
      return { kind: 'subscribe-multi', requestId: reader.u32(), queryId: reader.u32(), queries };
    }
    case 5:
      return { kind: 'unsubscribe-single', requestId: reader.u32(), queryId: reader.u32() };
    case 6:
      return { kind: 'unsubscribe-multi', requestId: reader.u32(), queryId: reader.u32() };
    case 7:
      return decodeCall(reader, 'call-procedure');
    default:
      throw new WireError(`a message has tag ${tag}, expected 0 to 7`);
  }
}

function decodeCall(reader: Reader, kind: V1Call['kind']): V1Call {
  const name = reader.string();
  const args = reader.byteArray();
  const requestId = reader.u32();
  const flags = reader.u8();
  const flagsMax = kind === 'call-reducer' ? 1 : 0;
  if (flags > flagsMax) throw new WireError(`the flags of a call are ${flags}, expected at most ${flagsMax}`);
  return { kind, requestId, name, args, isQuiet: flags === 1 };
}

function strings(reader: Reader): string[] {
  const count = reader.u32();
  // Each has at least its length: checked first, so that a forged count allocates nothing.
  if (count * 4 > reader.remaining) {
    throw new WireError(`${count} queries are announced, but only ${reader.remaining} bytes follow`);
  }
  return Array.from({ length: count }, () => reader.string());
}
