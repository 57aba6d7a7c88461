import { SenderError, t } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { isFinished } from '../lib/states.ts';
import { clip, requireSkill, requireText, utf8Bytes } from '../lib/text.ts';
import spacetimedb from '../schema.ts';
import { findMember, requireMember } from './access.ts';
import { moveTask, offerTask } from './queue.ts';

/** Queues work for a limb. Sent again with the same reference by the same submitter, it changes nothing. */
export const submitTask = spacetimedb.reducer(
  { name: 'submit_task' },
  {
    tenantId: t.u64(),
    skill: t.string(),
    title: t.string(),
    input: t.string(),
    reference: t.string(),
    target: t.option(t.identity()),
  },
  (ctx, { tenantId, skill, title, input, reference, target }) => {
    requireMember(ctx, tenantId, 'Operator');
    const skillName = requireSkill(skill);
    const key = requireText('reference', reference, limits.referenceCharsMax);
    requireJson(input);
    const earlier = [...ctx.db.task.reference.filter(key)].find((task) => task.tenantId === tenantId);
    if (earlier) {
      if (earlier.submittedBy.isEqual(ctx.sender)) return;
      throw new SenderError('reference-taken: choose another reference, such as a fresh UUID');
    }
    if (target) {
      const limb = ctx.db.limb.identity.find(target);
      if (limb?.tenantId !== tenantId) {
        throw new SenderError(
          'no-such-limb: the target is not a limb of this tenant; name the Identity of one that is',
        );
      }
    }
    const task = ctx.db.task.insert({
      id: 0n,
      tenantId,
      reference: key,
      skill: skillName,
      title: clip(requireText('title', title, limits.inputBytesMax).split('\n', 1)[0] ?? '', limits.titleCharsMax),
      state: { tag: 'Queued' },
      attempt: 0,
      limb: undefined,
      target,
      submittedBy: ctx.sender,
      submittedAt: ctx.timestamp,
      claimedAt: undefined,
      finishedAt: undefined,
      error: '',
    });
    ctx.db.taskInput.insert({ taskId: task.id, tenantId, input });
    offerTask(ctx, task);
  },
);

/** Ends a task that has not finished. A limb that works on it sees its lease go and stops. */
export const cancelTask = spacetimedb.reducer({ name: 'cancel_task' }, { taskId: t.u64() }, (ctx, { taskId }) => {
  const task = ctx.db.task.id.find(taskId);
  if (!task || !findMember(ctx, task.tenantId)) {
    throw new SenderError(`no-such-task: there is no task ${taskId} in your tenants`);
  }
  requireMember(ctx, task.tenantId, 'Operator');
  if (isFinished(task.state.tag)) return;
  ctx.db.offer.taskId.delete(taskId);
  ctx.db.lease.taskId.delete(taskId);
  moveTask(ctx, task, 'Cancelled');
});

function requireJson(input: string): void {
  const bytes = utf8Bytes(input);
  if (bytes > limits.inputBytesMax) {
    throw new SenderError(`input-too-large: the input is ${bytes} bytes, at most ${limits.inputBytesMax} are allowed`);
  }
  try {
    JSON.parse(input);
  } catch {
    throw new SenderError('invalid-input: the input is not JSON; send the JSON that the skill expects');
  }
}
