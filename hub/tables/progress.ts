import { t } from 'spacetimedb/server';

// What an attempt tells while it works is a stream of parts, numbered from 0: lines, which come whole, and texts that grow,
// such as an answer. It travels in pieces. A viewer puts the pieces of an attempt together by part and start, however they
// came, and sees by the starts where one is missing. Another attempt starts its stream anew.

export const PieceKind = t.enum('PieceKind', ['Line', 'Text']);

/** A piece as the limb sends it. */
export const Piece = t.object('Piece', {
  part: t.u32(),
  /** The characters (UTF-16 units) of the part that come before this piece. */
  start: t.u32(),
  kind: PieceKind,
  text: t.string(),
});

const columns = {
  taskId: t.u64().index('btree'),
  tenantId: t.u64().index('btree'),
  attempt: t.u32(),
  part: t.u32(),
  start: t.u32(),
  kind: PieceKind,
  text: t.string(),
  at: t.timestamp(),
};

/** Seen by those who look on at the moment, and never stored. */
export const streamRow = t.row('StreamPiece', columns);

/** The newest pieces of a task, for those who look later. Each takes the place of what was streamed of it before. */
export const progressRow = t.row('ProgressPiece', { id: t.u64().primaryKey().autoInc(), ...columns });
