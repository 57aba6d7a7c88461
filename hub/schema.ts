import { type Infer, schema, table } from 'spacetimedb/server';
import { budgetRow, policyRow, reservationRow } from './tables/budgets.ts';
import { compactTable, graceTable, pulseTable, sweepTable, timerTable } from './tables/clocks.ts';
import { type EventOrigin, eventKeyRow, eventLogRow, eventRow, eventTotalRow } from './tables/events.ts';
import { deliveryRow, hookKeyRow, hookRow } from './tables/hooks.ts';
import { limbRow, memoryRow, pingRow, stationRow, workerRow } from './tables/limbs.ts';
import { notificationLogRow, notificationRow, readingRow } from './tables/notifications.ts';
import { inviteRow, memberRow, type Role, tenantRow } from './tables/people.ts';
import { type Piece as PieceType, progressRow, streamRow } from './tables/progress.ts';
import { bandRow, concurrencyRow, laneRow, offerRow, precedenceRow, queueEntryRow, usageRow } from './tables/queue.ts';
import {
  advanceTable,
  approvalRow,
  eventWaitRow,
  frameRow,
  givenInputRow,
  type MoveKind,
  moveRow,
  type RunState,
  recipeRow,
  recipeVersionRow,
  runDataRow,
  runRow,
  type StepClockKind,
  type StepKind,
  type StepState,
  stepClockTable,
  stepItemsRow,
  stepOutputRow,
  stepRow,
  stepTaskRow,
} from './tables/recipes.ts';
import {
  type Deed,
  firingLogRow,
  firingRow,
  ruleActivationRow,
  ruleCountRow,
  ruleForgetTable,
  ruleMemoryRow,
  ruleProgramRow,
  ruleRow,
  rulesetChangesRow,
  rulesetRow,
  ruleTimerTable,
  ruleTokenRow,
  ruleVersionRow,
} from './tables/rules.ts';
import { alarmTable, scheduleRow } from './tables/schedules.ts';
import {
  type Amounts as AmountsType,
  type AttemptOutcome,
  attemptRow,
  childRow,
  deadLetterRow,
  dedupeRow,
  leaseRow,
  type SummaryBody as SummaryBodyType,
  summaryRow,
  type TaskTerms as TaskTermsType,
  taskInputRow,
  taskRow,
} from './tables/tasks.ts';
import { feedbackRow, turnRow } from './tables/threads.ts';
import { compactionRow, dayTotalRow, spendingRow } from './tables/totals.ts';
import { tunnelRow } from './tables/tunnels.ts';

const spacetimedb = schema({
  tenant: table({ name: 'tenant' }, tenantRow),
  member: table({ name: 'member' }, memberRow),
  invite: table({ name: 'invite' }, inviteRow),

  limb: table({ name: 'limb' }, limbRow),
  memory: table({ name: 'memory' }, memoryRow),
  tunnel: table({ name: 'tunnel' }, tunnelRow),
  worker: table({ name: 'worker' }, workerRow),
  station: table(
    { name: 'station', indexes: [{ accessor: 'byRoom', algorithm: 'btree', columns: ['route', 'room'] }] },
    stationRow,
  ),
  ping: table({ name: 'ping', public: true, event: true }, pingRow),

  task: table(
    {
      name: 'task',
      indexes: [{ accessor: 'byReference', algorithm: 'btree', columns: ['tenantId', 'reference'] }],
    },
    taskRow,
  ),
  taskInput: table({ name: 'task_input' }, taskInputRow),
  child: table({ name: 'child' }, childRow),
  deadLetter: table({ name: 'dead_letter' }, deadLetterRow),
  dedupe: table({ name: 'dedupe' }, dedupeRow),
  lease: table({ name: 'lease' }, leaseRow),
  attempt: table({ name: 'attempt' }, attemptRow),
  progressPiece: table({ name: 'progress_piece' }, progressRow),
  stream: table({ name: 'stream', public: true, event: true }, streamRow),
  summary: table({ name: 'summary' }, summaryRow),
  threadTurn: table({ name: 'thread_turn' }, turnRow),
  feedback: table({ name: 'feedback' }, feedbackRow),

  queueEntry: table(
    { name: 'queue_entry', indexes: [{ accessor: 'byPlace', algorithm: 'btree', columns: ['laneId', 'place'] }] },
    queueEntryRow,
  ),
  lane: table(
    {
      name: 'lane',
      indexes: [
        { accessor: 'byPlace', algorithm: 'btree', columns: ['bandId', 'place'] },
        { accessor: 'byKey', algorithm: 'btree', columns: ['bandId', 'concurrency'] },
      ],
    },
    laneRow,
  ),
  band: table({ name: 'band' }, bandRow),
  concurrency: table({ name: 'concurrency' }, concurrencyRow),
  offer: table({ name: 'offer' }, offerRow),
  precedence: table({ name: 'precedence' }, precedenceRow),
  usage: table({ name: 'usage' }, usageRow),

  budget: table({ name: 'budget' }, budgetRow),
  reservation: table({ name: 'reservation' }, reservationRow),
  policy: table({ name: 'policy' }, policyRow),

  dayTotal: table({ name: 'day_total' }, dayTotalRow),
  spending: table({ name: 'spending' }, spendingRow),
  compaction: table({ name: 'compaction' }, compactionRow),

  event: table(
    { name: 'event', indexes: [{ accessor: 'byPlace', algorithm: 'btree', columns: ['tenantId', 'place'] }] },
    eventRow,
  ),
  eventLog: table({ name: 'event_log' }, eventLogRow),
  eventKey: table({ name: 'event_key' }, eventKeyRow),
  eventTotal: table({ name: 'event_total' }, eventTotalRow),

  hook: table({ name: 'hook' }, hookRow),
  hookKey: table({ name: 'hook_key' }, hookKeyRow),
  delivery: table(
    { name: 'delivery', indexes: [{ accessor: 'byPlace', algorithm: 'btree', columns: ['hookId', 'place'] }] },
    deliveryRow,
  ),

  schedule: table({ name: 'schedule' }, scheduleRow),
  alarm: alarmTable,
  rule: table({ name: 'rule' }, ruleRow),
  ruleVersion: table({ name: 'rule_version' }, ruleVersionRow),
  ruleProgram: table({ name: 'rule_program' }, ruleProgramRow),
  ruleActivation: table({ name: 'rule_activation' }, ruleActivationRow),
  ruleCount: table({ name: 'rule_count' }, ruleCountRow),
  ruleset: table({ name: 'ruleset' }, rulesetRow),
  rulesetChanges: table({ name: 'ruleset_changes' }, rulesetChangesRow),
  ruleMemory: table({ name: 'rule_memory' }, ruleMemoryRow),
  ruleToken: table(
    { name: 'rule_token', indexes: [{ accessor: 'byAge', algorithm: 'btree', columns: ['memoryId', 'at'] }] },
    ruleTokenRow,
  ),
  firing: table(
    { name: 'firing', indexes: [{ accessor: 'byPlace', algorithm: 'btree', columns: ['tenantId', 'place'] }] },
    firingRow,
  ),
  firingLog: table({ name: 'firing_log' }, firingLogRow),
  recipe: table(
    { name: 'recipe', indexes: [{ accessor: 'byName', algorithm: 'btree', columns: ['tenantId', 'name'] }] },
    recipeRow,
  ),
  recipeVersion: table(
    {
      name: 'recipe_version',
      indexes: [{ accessor: 'byNumber', algorithm: 'btree', columns: ['recipeId', 'version'] }],
    },
    recipeVersionRow,
  ),
  run: table(
    {
      name: 'run',
      indexes: [
        { accessor: 'byReference', algorithm: 'btree', columns: ['tenantId', 'reference'] },
        { accessor: 'byEnd', algorithm: 'btree', columns: ['tenantId', 'endedDay'] },
      ],
    },
    runRow,
  ),
  runData: table({ name: 'run_data' }, runDataRow),
  frame: table(
    {
      name: 'frame',
      indexes: [
        { accessor: 'byOwner', algorithm: 'btree', columns: ['runId', 'stepId'] },
        { accessor: 'byIndex', algorithm: 'btree', columns: ['stepId', 'index'] },
        { accessor: 'byOpen', algorithm: 'btree', columns: ['stepId', 'isOpen'] },
      ],
    },
    frameRow,
  ),
  step: table(
    { name: 'step', indexes: [{ accessor: 'byNode', algorithm: 'btree', columns: ['frameId', 'node'] }] },
    stepRow,
  ),
  stepOutput: table({ name: 'step_output' }, stepOutputRow),
  stepTask: table({ name: 'step_task' }, stepTaskRow),
  stepItems: table({ name: 'step_items' }, stepItemsRow),
  givenInput: table(
    { name: 'given_input', indexes: [{ accessor: 'byNode', algorithm: 'btree', columns: ['frameId', 'node'] }] },
    givenInputRow,
  ),
  eventWait: table({ name: 'event_wait' }, eventWaitRow),
  approval: table({ name: 'approval' }, approvalRow),
  move: table({ name: 'move' }, moveRow),

  notification: table(
    { name: 'notification', indexes: [{ accessor: 'byPlace', algorithm: 'btree', columns: ['tenantId', 'place'] }] },
    notificationRow,
  ),
  notificationLog: table({ name: 'notification_log' }, notificationLogRow),
  reading: table({ name: 'reading' }, readingRow),

  timer: timerTable,
  grace: graceTable,
  pulse: pulseTable,
  sweep: sweepTable,
  advance: advanceTable,
  stepClock: stepClockTable,
  compact: compactTable,
  ruleTimer: ruleTimerTable,
  ruleForget: ruleForgetTable,
});
export default spacetimedb;

/** What a reducer of this module gets: `InferSchema` does not see through the schema's class. */
export type Ctx = Parameters<Parameters<typeof spacetimedb.init>[1]>[0];
/** What a view gets. */
export type ViewCtx = Parameters<Parameters<typeof spacetimedb.view>[2]>[0];
export type MemberRow = Infer<typeof memberRow>;
export type LimbRow = Infer<typeof limbRow>;
export type WorkerRow = Infer<typeof workerRow>;
export type TaskRow = Infer<typeof taskRow>;
export type TaskTerms = Infer<typeof TaskTermsType>;
export type LeaseRow = Infer<typeof leaseRow>;
export type QueueEntryRow = Infer<typeof queueEntryRow>;
export type LaneRow = Infer<typeof laneRow>;
export type BandRow = Infer<typeof bandRow>;
export type Piece = Infer<typeof PieceType>;
export type SummaryBody = Infer<typeof SummaryBodyType>;
export type UsageRow = Infer<typeof usageRow>;
export type PolicyRow = Infer<typeof policyRow>;
export type DayTotalRow = Infer<typeof dayTotalRow>;
export type BudgetRow = Infer<typeof budgetRow>;
export type ReservationRow = Infer<typeof reservationRow>;
export type EventRow = Infer<typeof eventRow>;
export type EventLogRow = Infer<typeof eventLogRow>;
export type EventOriginValue = Infer<typeof EventOrigin>;
export type ScheduleRow = Infer<typeof scheduleRow>;
export type NotificationRow = Infer<typeof notificationRow>;
export type HookRow = Infer<typeof hookRow>;
export type HookKeyRow = Infer<typeof hookKeyRow>;
export type RuleRow = Infer<typeof ruleRow>;
export type RuleVersionRow = Infer<typeof ruleVersionRow>;
export type RuleActivationRow = Infer<typeof ruleActivationRow>;
export type RuleCountRow = Infer<typeof ruleCountRow>;
export type RulesetRow = Infer<typeof rulesetRow>;
export type RuleMemoryRow = Infer<typeof ruleMemoryRow>;
export type FiringRow = Infer<typeof firingRow>;
export type DeedValue = Infer<typeof Deed>;
export type Amounts = Infer<typeof AmountsType>;
export type RoleTag = Infer<typeof Role>['tag'];
export type AttemptOutcomeTag = Infer<typeof AttemptOutcome>['tag'];
export type RecipeRow = Infer<typeof recipeRow>;
export type RecipeVersionRow = Infer<typeof recipeVersionRow>;
export type RunRow = Infer<typeof runRow>;
export type FrameRow = Infer<typeof frameRow>;
export type StepRow = Infer<typeof stepRow>;
export type RunStateTag = Infer<typeof RunState>['tag'];
export type StepStateTag = Infer<typeof StepState>['tag'];
export type StepKindTag = Infer<typeof StepKind>['tag'];
export type StepClockKindTag = Infer<typeof StepClockKind>['tag'];
export type MoveKindTag = Infer<typeof MoveKind>['tag'];
