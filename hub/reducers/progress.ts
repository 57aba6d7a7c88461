import { SenderError, t } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { ascending } from '../lib/order.ts';
import { moveTask } from '../queue/moves.ts';
import spacetimedb, { type Ctx, type Piece as PieceRow, type TaskRow } from '../schema.ts';
import { Piece } from '../tables/progress.ts';
import { requireLease } from './leases.ts';
import { isTooFast } from './report-rate.ts';

const report = { taskId: t.u64(), attempt: t.u32(), pieces: t.array(Piece) };

/** Shows pieces of what an attempt tells to those who look on, and keeps nothing of them. */
export const streamProgress = spacetimedb.reducer(
  { name: 'stream_progress' },
  report,
  (ctx, { taskId, attempt, pieces }) => {
    const { tenantId } = requireReport(ctx, taskId, attempt, pieces);
    for (const piece of pieces) ctx.db.stream.insert({ taskId, tenantId, attempt, ...piece, at: ctx.timestamp });
  },
);

/** Keeps pieces of what an attempt tells, streamed or not, also for those who look later. A piece is kept once. */
export const reportProgress = spacetimedb.reducer(
  { name: 'report_progress' },
  report,
  (ctx, { taskId, attempt, pieces }) => {
    const { tenantId } = requireReport(ctx, taskId, attempt, pieces);
    const kept = [...ctx.db.progressPiece.taskId.filter(taskId)];
    for (const piece of pieces) {
      const isKept = kept.some(
        (row) => row.attempt === attempt && row.part === piece.part && row.start === piece.start,
      );
      if (isKept) continue;
      const row = { id: 0n, taskId, tenantId, attempt, ...piece, at: ctx.timestamp };
      kept.push(ctx.db.progressPiece.insert(row));
    }
    dropOldest(ctx, kept);
  },
);

function dropOldest(ctx: Ctx, kept: { readonly id: bigint; readonly text: string }[]): void {
  kept.sort((a, b) => ascending(a.id, b.id));
  let count = kept.length;
  let chars = kept.reduce((sum, { text }) => sum + text.length, 0);
  for (const { id, text } of kept) {
    if (count <= limits.keptPiecesMax && chars <= limits.keptCharsMax) return;
    ctx.db.progressPiece.id.delete(id);
    count -= 1;
    chars -= text.length;
  }
}

/** The task of a report about the attempt that holds it now, which the first one shows to be running. */
function requireReport(ctx: Ctx, taskId: bigint, attempt: number, pieces: readonly PieceRow[]): TaskRow {
  const { task } = requireLease(ctx, taskId, attempt);
  if (isTooFast(taskId)) {
    throw new SenderError(
      `too-fast: task ${taskId} had ${limits.reportsPerSecondMax} reports in this second, the most that are allowed; send several pieces together`,
    );
  }
  const longest = Math.max(0, ...pieces.map(({ text }) => text.length));
  const chars = pieces.reduce((sum, { text }) => sum + text.length, 0);
  if (pieces.length > limits.piecesMax || longest > limits.pieceCharsMax || chars > limits.reportCharsMax) {
    throw new SenderError(
      `report-too-large: ${pieces.length} pieces, ${chars} characters, ${longest} in the longest piece; at most ${limits.piecesMax}, ${limits.reportCharsMax} and ${limits.pieceCharsMax} are allowed; send several reports`,
    );
  }
  if (task.state.tag === 'Claimed') moveTask(ctx, task, 'Running');
  return task;
}
