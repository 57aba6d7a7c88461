import { t } from 'spacetimedb/server';

/** A task's place in a conversation. A task that nothing follows, and that follows none, has no such row. */
export const turnRow = t.row('ThreadTurn', {
  taskId: t.u64().primaryKey(),
  tenantId: t.u64().index('btree'),
  /** The first task of the conversation. */
  thread: t.u64().index('btree'),
});

/** What the limb that holds a task sees of an earlier one of its conversation. */
export const earlierTurnRow = t.row('EarlierTurn', {
  /** The task that the limb holds. */
  taskId: t.u64(),
  earlierTaskId: t.u64(),
  /** JSON by the skill's own schema. */
  input: t.string(),
  /** As a person corrected it, or else as it was given. */
  answer: t.string(),
});

export const Verdict = t.enum('Verdict', ['Good', 'Bad', 'Corrected']);

/** What a person thinks of a summary. */
export const feedbackRow = t.row('Feedback', {
  taskId: t.u64().primaryKey(),
  tenantId: t.u64().index('btree'),
  verdict: Verdict,
  /** What the answer should have been, or why it is good or bad; may be empty for those. */
  text: t.string(),
  by: t.identity(),
  at: t.timestamp(),
});
