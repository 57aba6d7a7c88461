import { SenderError, t } from 'spacetimedb/server';
import { requireRoom } from '../keeping/quotas.ts';
import { grow, minus, sizeOfFeedback } from '../keeping/usage.ts';
import { limits } from '../lib/limits.ts';
import { optionalText } from '../lib/text.ts';
import { queueNewTask } from '../queue/submission.ts';
import spacetimedb, { type Ctx, type TaskRow } from '../schema.ts';
import { TaskTerms } from '../tables/tasks.ts';
import { Verdict } from '../tables/threads.ts';
import { requireTask } from './access.ts';

/**
 * Queues a task that goes on where an answered one ended: its limb sees the earlier turns of the conversation. It is of the
 * same tenant and skill; the rest is as for `submit_task`.
 */
export const followUp = spacetimedb.reducer(
  { name: 'follow_up' },
  { follows: t.u64(), title: t.string(), input: t.string(), reference: t.string(), terms: t.option(TaskTerms) },
  (ctx, { follows, ...given }) => {
    const earlier = requireTask(ctx, follows);
    if (!ctx.db.summary.taskId.find(follows)) {
      throw new SenderError(
        `no-answer-yet: task ${follows} is ${earlier.state.tag.toLowerCase()} and has no answer to go on from; follow one that is done`,
      );
    }
    const { tenantId, skill } = earlier;
    const task = queueNewTask(ctx, { tenantId, skill, ...given });
    if (!task) return;
    const growth = { rows: ctx.db.threadTurn.taskId.find(follows) ? 1 : 2 };
    requireRoom(ctx, tenantId, growth);
    grow(ctx, tenantId, growth);
    ctx.db.threadTurn.insert({ taskId: task.id, tenantId, thread: threadOf(ctx, earlier) });
  },
);

/** Says what the caller thinks of a summary, instead of what was said before; none takes it back. */
export const giveFeedback = spacetimedb.reducer(
  { name: 'give_feedback' },
  { taskId: t.u64(), verdict: t.option(Verdict), text: t.string() },
  (ctx, { taskId, verdict, text }) => {
    const { tenantId } = requireTask(ctx, taskId);
    if (!ctx.db.summary.taskId.find(taskId)) {
      throw new SenderError(`no-answer-yet: task ${taskId} has no answer to judge; wait until it is done`);
    }
    const before = ctx.db.feedback.taskId.find(taskId);
    ctx.db.feedback.taskId.delete(taskId);
    if (before) grow(ctx, tenantId, minus(sizeOfFeedback(before)));
    if (!verdict) return;
    const words = optionalText('feedback', text, limits.feedbackCharsMax);
    if (verdict.tag === 'Corrected' && words === '') {
      throw new SenderError('invalid-feedback: a correction is empty; say what the answer should have been');
    }
    const growth = sizeOfFeedback({ text: words });
    requireRoom(ctx, tenantId, growth);
    grow(ctx, tenantId, growth);
    ctx.db.feedback.insert({ taskId, tenantId, verdict, text: words, by: ctx.sender, at: ctx.timestamp });
  },
);

/** The conversation of a task, which begins with it when it was in none. */
function threadOf(ctx: Ctx, { id, tenantId }: TaskRow): bigint {
  const turn = ctx.db.threadTurn.taskId.find(id);
  return (turn ?? ctx.db.threadTurn.insert({ taskId: id, tenantId, thread: id })).thread;
}
