/** Bounds of everything a caller can make the hub keep. */
export const limits = {
  inputBytesMax: 64 * 1024,
  summaryBytesMax: 4 * 1024,
  progressLineCharsMax: 500,
  /** Older lines of a task are dropped when a new one arrives. */
  progressLinesMax: 200,
  attemptsMax: 5,
  titleCharsMax: 160,
  nameCharsMax: 80,
  ownedTenantsMax: 64,
  errorCharsMax: 1000,
  skillsMax: 64,
  capacityMax: 256,
  referenceCharsMax: 64,
  inviteLifeMs: 15 * 60 * 1000,
  inviteLifeMsMax: 24 * 60 * 60 * 1000,
} as const;
