import type { AuditChange, AuditEntry, AuditRow } from './history.ts';

/** What people call an Identity. */
export type NameOf = (identity: string) => string;

const verbs: Readonly<Record<string, string>> = {
  init: 'made the hub',
  create_tenant: 'made a tenant',
  create_invite: 'made an invite',
  withdraw_invite: 'took an invite back',
  redeem_invite: 'redeemed an invite',
  set_role: 'changed a role',
  remove_member: 'removed a member',
  leave_tenant: 'left the tenant',
  announce_limb: 'announced a limb',
  set_limb: 'changed what a limb may do',
  drain_limb: 'drained a limb, or let it have tasks again',
  revoke_limb: 'revoked a limb',
  connect: 'connected',
  disconnect: 'disconnected',
  submit_task: 'submitted a task',
  claim_task: 'took a task',
  report_progress: 'began to work',
  complete_task: 'completed a task',
  fail_task: 'gave up an attempt',
  cancel_task: 'cancelled a task',
  redrive_task: 'queued a task again',
  redrive_all: 'queued all dead tasks again',
  set_budget: 'set a budget',
  set_exhaustion: 'decided what follows when a budget is used up',
  set_quotas: 'set quotas',
  set_retention: 'decided how long tasks are kept',
  set_event_retention: 'decided how many events are kept',
  set_time_zone: 'decided on the time zone',
  create_hook: 'made a hook',
  rotate_hook: 'replaced the secret of a hook',
  delete_hook: 'deleted a hook',
  create_schedule: 'made a schedule',
  pause_schedule: 'paused a schedule, or let it go on',
  delete_schedule: 'deleted a schedule',
  save_rule: 'saved a rule',
  activate_rule: 'activated a rule',
  deactivate_rule: 'deactivated a rule',
  delete_rule: 'deleted a rule',
  follow_up: 'asked a follow-up',
  give_feedback: 'judged an answer',
  save_recipe: 'saved a recipe',
  delete_recipe: 'deleted a recipe',
  start_recipe: 'started a recipe',
  pause_run: 'paused a run',
  resume_run: 'let a run go on',
  cancel_run: 'cancelled a run',
  retry_run: 'took a run up again',
  decide_approval: 'answered an approval',
  emit: 'emitted an event',
  reserve_budget: 'reserved a part of a budget',
  settle_budget: 'settled a part of a budget',
  wake_rule: 'looked at a rule whose time had come',
  advance: 'went on with a run',
  on_alarm: 'made the event of a schedule',
  on_step_clock: 'ended the wait of a step',
  compact: 'made old tasks daily totals',
  end_grace: 'gave the tasks of a limb that went away to others',
  pulse: 'took the tasks of a silent limb',
  on_timer: 'ended a wait',
  sweep: 'made old tasks daily totals',
  sql: 'changed rows by SQL',
};

/** Columns that hold an Identity. */
const people: ReadonlySet<string> = new Set(['decided_by', 'updated_by', 'saved_by', 'started_by', 'submitted_by']);

/** What was done, without who did it: `submitted a task: task 12 (reason) “Why?”`. */
export function describeEntry({ action, changes, more = 0 }: AuditEntry, nameOf: NameOf): string {
  const verb = verbs[action] ?? action.replaceAll('_', ' ');
  const details = changes.map((change) => describeChange(change, nameOf));
  if (more > 0) details.push(`${more} more changes`);
  return details.length === 0 ? verb : `${verb}: ${details.join('; ')}`;
}

/** What became of one row. */
function describeChange({ table, before, after }: AuditChange, nameOf: NameOf): string {
  const row = after ?? before ?? {};
  const name = subjectOf(table, row, nameOf);
  if (!before) return `${name}${aboutNew(table, row)}`;
  if (!after) return `${name} ${table === 'invite' ? 'is closed' : 'is gone'}`;
  const changed = Object.keys(after).filter((column) => textOf(before[column]) !== textOf(after[column]));
  return `${name} ${changed.map((column) => describeColumn(column, before[column], after[column], nameOf)).join(', ')}`;
}

function subjectOf(table: string, row: AuditRow, nameOf: NameOf): string {
  switch (table) {
    case 'task':
      return `task ${textOf(row['id'])}`;
    case 'member':
      return `member ${textOf(row['name'])}`;
    case 'limb':
      return `limb ${textOf(row['name'])}`;
    case 'invite':
      return row['kind'] === 'limb' ? 'pairing code for a limb' : `invite for a member as ${textOf(row['role'])}`;
    case 'tenant':
    case 'hook':
    case 'schedule':
    case 'rule':
    case 'recipe':
      return `${table} ${textOf(row['name'])}`;
    case 'run':
      return `run ${textOf(row['id'])} of ${textOf(row['recipe'])}`;
    case 'approval':
      return `approval ${textOf(row['path'])} of run ${textOf(row['run_id'])}`;
    case 'policy':
      return 'policy';
    case 'budget':
      return budgetName(row, nameOf);
    default:
      return table.replaceAll('_', ' ');
  }
}

function aboutNew(table: string, row: AuditRow): string {
  if (table === 'task') return ` (${textOf(row['skill'])}) “${textOf(row['title'])}”`;
  if (table === 'member') return ` as ${textOf(row['role'])}`;
  if (table === 'invite') return ` until ${textOf(row['expires_at']).slice(0, 16)}Z`;
  if (table === 'budget') return `: at most ${textOf(row['bound'])}`;
  return '';
}

function budgetName({ scope, unit, period, holder }: AuditRow, nameOf: NameOf): string {
  const subject = textOf(holder).split('/')[2] ?? '';
  const whose = scope === 'member' ? nameOf(subject) : scope === 'tree' ? `the tree of task ${subject}` : 'the tenant';
  const what = unit === 'micros' ? 'money, in millionths,' : textOf(unit);
  return `budget of ${what} ${period === 'total' ? 'in total' : `a ${textOf(period)}`} for ${whose}`;
}

function describeColumn(column: string, before: unknown, after: unknown, nameOf: NameOf): string {
  if (column === 'state') return `${textOf(before)} → ${textOf(after)}`;
  if (column === 'online') return after === true ? 'is online' : 'is offline';
  if (column === 'error') return after === '' ? 'without an error' : `error “${textOf(after)}”`;
  if (column === 'limb') return after === null ? 'at no limb' : `at ${nameOf(textOf(after))}`;
  if (people.has(column)) return `${column.replaceAll('_', ' ')} ${after === null ? 'nobody' : nameOf(textOf(after))}`;
  return `${column.replaceAll('_', ' ')} ${shown(before)} → ${shown(after)}`;
}

function shown(value: unknown): string {
  const text = textOf(value);
  return text === '' ? 'none' : text;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
