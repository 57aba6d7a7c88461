/** Bounds of everything a caller can make the hub keep. */
export const limits = {
  inputBytesMax: 64 * 1024,
  summaryBytesMax: 4 * 1024,
  pieceCharsMax: 2000,
  /** Pieces of one report, and their characters together. */
  piecesMax: 32,
  reportCharsMax: 8000,
  /** Reports of one task in a second, of which a limb needs about ten. */
  reportsPerSecondMax: 40,
  /** Pieces of one task that are kept: older ones are dropped when a new one arrives. */
  keptPiecesMax: 200,
  keptCharsMax: 64 * 1024,
  attemptsDefault: 5,
  attemptsMax: 20,
  /** Older attempts of a task are forgotten when it is claimed again. */
  attemptRowsMax: 40,
  budgetsMax: 1000,
  /** Reservations of one task that are open. */
  reservationsMax: 16,
  /** Tasks that are looked at again when a budget has more left. */
  unparkedMax: 100,
  /** The pause before the next ones are looked at. */
  unparkNextMs: 100,
  /** What one tenant may have, and what its owners can let it have at most. */
  unfinishedTasksMax: 100_000,
  /** Kinds of tasks of a tenant that wait: they differ in skill, target, labels or priority. */
  bandsMax: 1000,
  rowsDefault: 1_000_000n,
  rowsMax: 10_000_000n,
  bytesDefault: 512n * 1024n * 1024n,
  bytesMax: 8n * 1024n * 1024n * 1024n,
  /** How long finished tasks are kept. */
  keepDaysDefault: 30,
  keepDaysMax: 3650,
  /** How long a tenant sees what it spent by member, limb and model, and in how many rows. */
  spendingDaysMax: 60,
  spendingRowsMax: 5000,
  /** Tasks that a step of the compaction looks at, and those that it compacts. */
  lookedAtMax: 1000,
  compactedMax: 100,
  /** The pause before the next step while there is more to do. */
  compactNextMs: 100,
  eventPayloadBytesMax: 64 * 1024,
  /** Characters of an event's kind, and of its source. */
  eventNameCharsMax: 128,
  eventSubjectCharsMax: 256,
  /** How long no other event with the same dedupe key is taken. */
  eventDedupeMs: 24 * 60 * 60 * 1000,
  eventDedupeMsMax: 30 * 24 * 60 * 60 * 1000,
  /** What is kept of a tenant's events, and what its owners can keep at most. */
  eventsDefault: 10_000,
  eventsMax: 1_000_000,
  eventBytesDefault: 64n * 1024n * 1024n,
  eventBytesMax: 4n * 1024n * 1024n * 1024n,
  eventDaysDefault: 30,
  /** Events that one more event, or a step through those that are too old, drops. */
  eventsDroppedMax: 64,
  eventsDroppedAtOnceMax: 1000,
  /** Daily totals of a tenant's events; what comes later is counted by the day alone. */
  eventTotalsMax: 10_000,
  hooksMax: 100,
  /** How far the clock of a webhook's sender may be off. */
  deliveryAgeMsMax: 5 * 60 * 1000,
  /** How long a delivery is remembered that does not say when it was signed. */
  deliveryLifeMs: 30 * 24 * 60 * 60 * 1000,
  /** Deliveries of one hook that are remembered, and those that one more delivery forgets. */
  deliveriesMax: 10_000,
  deliveriesForgottenMax: 8,
  schedulesMax: 200,
  intervalMsMin: 1000,
  /** Times that a schedule was due while the hub was away, as far as they are counted. */
  missedMax: 100,
  /** How long after its time a schedule is woken again. */
  rearmMs: 60_000,
  /** Notifications of one tenant that are kept. */
  notificationsMax: 1000,
  notificationCharsMax: 2000,
  priorityDefault: 5,
  priorityMax: 9,
  labelsMax: 16,
  concurrencyMax: 256,
  keyCharsMax: 128,
  redrivenMax: 1000,
  /** Tasks of one tree of parents. */
  treeTasksMax: 1000,
  /** Earlier turns of a conversation that a limb sees, the newest. */
  earlierTurnsMax: 50,
  feedbackCharsMax: 2000,
  titleCharsMax: 160,
  nameCharsMax: 80,
  addressCharsMax: 300,
  lacksCharsMax: 500,
  /** Tunnels of one limb. */
  tunnelsMax: 16,
  ownedTenantsMax: 64,
  limbTenantsMax: 64,
  errorCharsMax: 1000,
  skillsMax: 64,
  capacityMax: 256,
  referenceCharsMax: 64,
  sessionCharsMax: 64,
  codeTriesMax: 5,
  invitesMax: 1000,
  inviteLifeMs: 15 * 60 * 1000,
  inviteLifeMsMax: 24 * 60 * 60 * 1000,
  /** How long a limb whose connection ended may take to come back to its tasks. */
  graceMs: 1000,
  pulseMs: 1000,
  /** A limb that holds tasks and leaves so many pings unanswered loses them at the next pulse. */
  unansweredMax: 3,
  /** An offer that a limb does not take for so long is made to others. */
  offerMsMax: 5000,
  /** Recipes of a tenant, and what the text of one may hold. */
  recipesMax: 1000,
  recipeVersionsMax: 1000,
  recipeStepsMax: 500,
  recipeDepthMax: 8,
  promptCharsMax: 4000,
  asksMax: 32,
  /** Runs of a tenant that have not ended, how far one may be inside of others, and how often one is taken up again. */
  unfinishedRunsMax: 10_000,
  runDepthMax: 8,
  runRetriesMax: 100,
  /** Steps that a foreseen retry names. */
  foreseenStepsMax: 200,
  /** What a map may go through, and how much of it at once. */
  itemsMax: 100_000,
  mapLimitDefault: 10,
  mapLimitMax: 1000,
  roundsMax: 100_000,
  checkTriesMax: 10,
  /** Moves of runs in one transaction, and items of a map that one of them begins. */
  movesMax: 200,
  spreadMax: 100,
  /** Rows of runs that a step of the compaction forgets. */
  forgottenRowsMax: 500,
  /** How long a step waits that there was no room for. */
  stepRetryMs: 10_000,
  /** How far ahead a task may wait: a schedule takes no more than about two years. */
  aheadMsMax: 366 * 24 * 60 * 60 * 1000,
  /** Rules of a tenant, and versions that are kept of each. */
  rulesMax: 20_000,
  ruleVersionsMax: 50,
  ruleActivationsMax: 100,
  /** Keys that a rule remembers something of; events of others complete nothing until there is room. */
  ruleKeysMax: 10_000,
  /** Rows that a step of forgetting an ended activation deletes. */
  forgottenMax: 1000,
  /** Firings of a tenant that are kept; older ones are dropped. */
  firingsKeptMax: 10_000,
  /** Firings and events of rules in one transaction, however many rules complete one another. */
  firingsAtOnceMax: 500,
  ruleEventsAtOnceMax: 64,
  /** Rules that can complete one another. */
  ruleChainMax: 8,
} as const;
