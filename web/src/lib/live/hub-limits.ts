// What the hub takes when an owner says nothing, and the most that it takes: a client is not told, so they stand here again.

export const defaults = { unfinishedTasks: 100_000, rows: 1_000_000, bytes: 512 * 1024 * 1024, keepDays: 30 } as const;

export const most = {
  unfinishedTasks: 100_000,
  rows: 10_000_000,
  bytes: 8 * 1024 * 1024 * 1024,
  keepDays: 3650,
} as const;

/** How long an invite can be redeemed. */
export const inviteMinutes = 15;

export const feedbackCharsMax = 2000;
