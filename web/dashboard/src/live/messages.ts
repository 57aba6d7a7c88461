import { Reader } from '../sats/bsatn.ts';

// The WebSocket protocol, versions 2 and 3, as far as a page needs it that only watches.

export type ServerMessage =
  | { readonly kind: 'connected'; readonly connectionId: string }
  | { readonly kind: 'applied'; readonly querySetId: number; readonly rows: readonly Uint8Array[] }
  | { readonly kind: 'refused'; readonly querySetId: number; readonly message: string }
  | { readonly kind: 'changed'; readonly changes: readonly Change[] }
  | { readonly kind: 'other' };

export interface Change {
  readonly querySetId: number;
  readonly inserts: readonly Uint8Array[];
  readonly deletes: readonly Uint8Array[];
}

/** The messages of one frame. @throws Error for what this page does not understand */
export function readFrame(frame: Uint8Array): ServerMessage[] {
  if (frame[0] !== 0) throw new Error('The host sent a compressed frame, which was not asked for.');
  const reader = new Reader(frame.subarray(1));
  const messages: ServerMessage[] = [];
  while (!reader.isAtEnd) messages.push(readMessage(reader));
  return messages;
}

export function subscribeFrame(requestId: number, querySetId: number, query: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(query);
  const frame = new Uint8Array(1 + 4 + 4 + 4 + 4 + text.length);
  const view = new DataView(frame.buffer);
  view.setUint32(1, requestId, true);
  view.setUint32(5, querySetId, true);
  view.setUint32(9, 1, true);
  view.setUint32(13, text.length, true);
  frame.set(text, 17);
  return frame;
}

export function unsubscribeFrame(requestId: number, querySetId: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(1 + 4 + 4 + 1);
  const view = new DataView(frame.buffer);
  frame[0] = 1;
  view.setUint32(1, requestId, true);
  view.setUint32(5, querySetId, true);
  return frame;
}

function readMessage(reader: Reader): ServerMessage {
  const tag = reader.u8();
  switch (tag) {
    case 0: {
      reader.wide('u256');
      const connectionId = reader.wide('u128').toString(16).padStart(32, '0');
      reader.string();
      return { kind: 'connected', connectionId };
    }
    case 1: {
      reader.u32();
      return { kind: 'applied', querySetId: reader.u32(), rows: readTables(reader) };
    }
    case 2:
      reader.u32();
      reader.u32();
      if (reader.u8() === 0) readTables(reader);
      return { kind: 'other' };
    case 3:
      if (reader.u8() === 0) reader.u32();
      return { kind: 'refused', querySetId: reader.u32(), message: reader.string() };
    case 4:
      return { kind: 'changed', changes: times(reader.u32(), () => readChange(reader)) };
    default:
      throw new Error(`The host sent a message of the kind ${tag}, which was not asked for.`);
  }
}

function readTables(reader: Reader): Uint8Array[] {
  return times(reader.u32(), () => {
    reader.string();
    return readRows(reader);
  }).flat();
}

function readChange(reader: Reader): Change {
  const querySetId = reader.u32();
  const inserts: Uint8Array[] = [];
  const deletes: Uint8Array[] = [];
  times(reader.u32(), () => {
    reader.string();
    times(reader.u32(), () => {
      const isEvent = reader.u8() === 1;
      inserts.push(...readRows(reader));
      if (!isEvent) deletes.push(...readRows(reader));
    });
  });
  return { querySetId, inserts, deletes };
}

/** Rows share one size, or each has its start. */
function readRows(reader: Reader): Uint8Array[] {
  const isFixed = reader.u8() === 0;
  const size = isFixed ? reader.u16() : 0;
  const starts = isFixed ? [] : times(reader.u32(), () => Number(reader.wide('u64')));
  const bytes = reader.bytes(reader.u32());
  if (!isFixed) return starts.map((start, at) => bytes.slice(start, starts[at + 1] ?? bytes.length));
  return size === 0 ? [] : times(bytes.length / size, (at) => bytes.slice(at * size, (at + 1) * size));
}

function times<T>(count: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}
