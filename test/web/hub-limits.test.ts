import { expect, test } from 'vitest';
import { limits } from '../../hub/lib/limits.ts';
import { defaults, feedbackCharsMax, inviteMinutes, most } from '../../web/src/lib/live/hub-limits.ts';

test('what the web face says of the limits of the hub is so', () => {
  expect(defaults).toEqual({
    unfinishedTasks: limits.unfinishedTasksMax,
    rows: Number(limits.rowsDefault),
    bytes: Number(limits.bytesDefault),
    keepDays: limits.keepDaysDefault,
  });
  expect(most).toEqual({
    unfinishedTasks: limits.unfinishedTasksMax,
    rows: Number(limits.rowsMax),
    bytes: Number(limits.bytesMax),
    keepDays: limits.keepDaysMax,
  });
  expect([inviteMinutes * 60_000, feedbackCharsMax]).toEqual([limits.inviteLifeMs, limits.feedbackCharsMax]);
});
