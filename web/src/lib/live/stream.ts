import type { StreamPiece } from '../../../../bindings/types.ts';

/** A line that an attempt has told, or a text that it is writing, as far as is known. */
export interface StreamPart {
  /** The same for as long as it grows. */
  readonly key: string;
  readonly attempt: number;
  readonly kind: StreamPiece['kind']['tag'];
  /** With an ellipsis for what is missing in between. */
  readonly text: string;
  readonly at: StreamPiece['at'];
}

/** Puts the pieces of a task's streams together, in whatever order and how often they came; the oldest part first. */
export function assemble(pieces: Iterable<StreamPiece>): StreamPart[] {
  const parts = new Map<string, StreamPiece[]>();
  for (const piece of pieces) {
    const key = keyOf(piece);
    const known = parts.get(key);
    if (known) known.push(piece);
    else parts.set(key, [piece]);
  }
  return [...parts.values()].sort(([a], [b]) => order(a, b)).flatMap(join);
}

function join(pieces: readonly StreamPiece[]): StreamPart[] {
  const sorted = [...pieces].sort((a, b) => a.start - b.start || b.text.length - a.text.length);
  const [first] = sorted;
  if (!first) return [];
  let text = '';
  let end = 0;
  for (const piece of sorted) {
    if (piece.start > end) text += '…';
    else if (piece.start + piece.text.length <= end) continue;
    text += piece.text.slice(Math.max(0, end - piece.start));
    end = piece.start + piece.text.length;
  }
  return [{ key: keyOf(first), attempt: first.attempt, kind: first.kind.tag, text, at: first.at }];
}

function keyOf({ attempt, part }: StreamPiece): string {
  return `${attempt}/${part}`;
}

function order(a: StreamPiece | undefined, b: StreamPiece | undefined): number {
  return a && b ? a.attempt - b.attempt || a.part - b.part : 0;
}
