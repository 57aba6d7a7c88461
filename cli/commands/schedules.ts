import { Timestamp } from 'spacetimedb';
import { tables } from '../../bindings/index.ts';
import type { Schedule } from '../../bindings/types.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { confirm } from '../lib/confirm.ts';
import { moment } from '../lib/event-line.ts';
import { Failure } from '../lib/failure.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { pickOne } from '../lib/pick-one.ts';
import { plainRow } from '../lib/plain-row.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

export interface ScheduleCreateOptions extends HubOptions {
  readonly kind: string;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly every?: number;
  readonly at?: Date;
  readonly subject: string;
  readonly payload: string;
}

export async function schedulesCreate(name: string, options: ScheduleCreateOptions): Promise<void> {
  requireOneTiming(options);
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const timing = timingOf(options, await timeZoneOf(hub, tenantId));
    const { kind, subject, payload } = options;
    await call(hub, hub.connection.reducers.createSchedule({ tenantId, name, timing, kind, subject, payload }));
    const schedule = pickSchedule(await schedulesOf(hub, tenantId), name.trim());
    console.log(`Schedule ${schedule.id} is due next at ${due(schedule)} UTC.`);
  });
}

export async function schedulesList(options: ClientOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const schedules = await schedulesOf(hub, await findTenant(hub));
    if (options.json) {
      const rows = schedules.map((schedule) => ({ ...plainRow(schedule), timing: timingText(schedule) }));
      return console.log(JSON.stringify(rows, undefined, 2));
    }
    if (schedules.length === 0)
      return console.log('There is no schedule: `helix schedules create --help` says how to make one.');
    const lines = schedules.map((schedule) => [
      `${schedule.id}`,
      oneLine(schedule.name),
      schedule.kind,
      timingText(schedule),
      due(schedule),
      `${schedule.fires}`,
      lastOf(schedule),
    ]);
    console.log(textTable(['schedule', 'name', 'kind', 'when', 'next (UTC)', 'fired', 'last (UTC)'], lines));
  });
}

export async function schedulesPause(text: string, isPaused: boolean, options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const { id, name } = pickSchedule(await schedulesOf(hub, tenantId), text);
    await call(hub, hub.connection.reducers.pauseSchedule({ scheduleId: id, isPaused }));
    const after = hub.connection.db.schedules;
    const schedule = [...after.iter()].find((row) => row.id === id);
    const what = isPaused ? 'rests' : `is due next at ${schedule ? due(schedule) : ''} UTC`;
    console.log(`The schedule ${oneLine(name)} ${what}.`);
  });
}

export async function schedulesDelete(text: string, options: HubOptions & { readonly yes?: boolean }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const { id, name } = pickSchedule(await schedulesOf(hub, await findTenant(hub)), text);
    if (!options.yes && !(await confirm(`Delete the schedule ${oneLine(name)}?`, '--yes'))) {
      throw new Failure('Nothing was deleted');
    }
    await call(hub, hub.connection.reducers.deleteSchedule({ scheduleId: id }));
    console.log(`The schedule ${oneLine(name)} is deleted.`);
  });
}

function requireOneTiming({ cron, timeZone, every, at }: ScheduleCreateOptions): void {
  const given = [cron, every, at].filter((one) => one !== undefined);
  if (given.length !== 1) throw new Failure('Say when it is due by exactly one of --cron, --every and --at');
  if (timeZone !== undefined && cron === undefined) throw new Failure('--time-zone goes with --cron');
}

function timingOf({ cron, timeZone, every, at }: ScheduleCreateOptions, tenantTimeZone: string): Schedule['timing'] {
  if (cron !== undefined) {
    return { tag: 'Cron', value: { pattern: cron, timeZone: timeZone ?? (tenantTimeZone || ownTimeZone()) } };
  }
  if (every !== undefined) return { tag: 'EveryMs', value: BigInt(every) };
  return { tag: 'Once', value: Timestamp.fromDate(at ?? new Date(Number.NaN)) };
}

/** Where the tenant is; empty while nobody has said. */
async function timeZoneOf(hub: Hub, tenantId: bigint): Promise<string> {
  await subscribe(hub, [tables.policies.where((policy) => policy.tenantId.eq(tenantId))]);
  return [...hub.connection.db.policies.iter()].find((policy) => policy.tenantId === tenantId)?.timeZone ?? '';
}

/** Where this user is. */
function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function timingText({ timing }: Schedule): string {
  if (timing.tag === 'Cron') return `${timing.value.pattern} (${timing.value.timeZone})`;
  if (timing.tag === 'Once') return `once at ${moment(timing.value)}`;
  const ms = Number(timing.value);
  for (const [unit, unitMs] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms % unitMs === 0) return `every ${ms / unitMs}${unit}`;
  }
  return `every ${ms} ms`;
}

function due({ nextAt, isPaused }: Schedule): string {
  return nextAt === undefined ? (isPaused ? 'paused' : 'over') : moment(nextAt);
}

function lastOf({ firedAt, missed }: Schedule): string {
  if (firedAt === undefined) return 'never';
  return missed === 0 ? moment(firedAt) : `${moment(firedAt)}, after ${missed} missed`;
}

async function schedulesOf(hub: Hub, tenantId: bigint): Promise<Schedule[]> {
  await subscribe(hub, [tables.schedules.where((schedule) => schedule.tenantId.eq(tenantId))]);
  return [...hub.connection.db.schedules.iter()].sort((a, b) => Number(a.id - b.id));
}

function pickSchedule(schedules: readonly Schedule[], text: string): Schedule {
  return pickOne('schedule', schedules, text, { nameOf: ({ name }) => name, keyOf: ({ id }) => `${id}` });
}
