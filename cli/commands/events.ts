import { randomUUID } from 'node:crypto';
import { text as textOf } from 'node:stream/consumers';
import { tables } from '../../bindings/index.ts';
import type { Event } from '../../bindings/types.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { eventJson, eventLine } from '../lib/event-line.ts';
import { Failure } from '../lib/failure.ts';
import { readText } from '../lib/files.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { untilAborted } from '../lib/interruption.ts';
import { literal, subscribeSql } from '../lib/newest.ts';
import { findTenant } from '../lib/tenants.ts';

export interface EmitOptions extends HubOptions {
  readonly source: string;
  readonly subject: string;
  readonly payload?: string;
  readonly file?: string;
  readonly dedupeKey?: string;
  readonly dedupeWindow?: number;
}

export interface EventFilter extends ClientOptions {
  readonly kind?: string;
  readonly source?: string;
  readonly limit: number;
}

export interface KeepOptions extends HubOptions {
  readonly count?: number;
  readonly bytes?: number;
  readonly days?: number;
}

export async function eventsEmit(kind: string, options: EmitOptions): Promise<void> {
  const payload = await payloadOf(options);
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    // By its own key it is found again.
    const dedupeKey = options.dedupeKey ?? randomUUID();
    const isMine = `tenant_id = ${tenantId} AND dedupe_key = ${literal(dedupeKey)}`;
    await subscribeSql(hub, `SELECT * FROM events WHERE ${isMine} ORDER BY id DESC LIMIT 1`);
    const before = newest(hub)?.id;
    const { source, subject, dedupeWindow = 0 } = options;
    const dedupeMs = dedupeWindow;
    await call(hub, hub.connection.reducers.emit({ tenantId, kind, source, subject, payload, dedupeKey, dedupeMs }));
    const event = newest(hub);
    if (event === undefined || event.id === before) {
      console.log(`Nothing was done: an event with the key ${dedupeKey} was taken a while ago.`);
    } else console.log(`Event ${event.id} is there.`);
  });
}

export async function eventsList(options: EventFilter & { readonly before?: number }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const before = options.before === undefined ? '' : ` AND id < ${options.before}`;
    const where = `${whereOf(tenantId, options)}${before}`;
    await subscribeSql(hub, `SELECT * FROM events WHERE ${where} ORDER BY id DESC LIMIT ${options.limit}`);
    const events = sorted(hub).reverse();
    for (const event of events) print(event, options);
    if (events.length > 0) return;
    console.error(
      options.kind === undefined && options.source === undefined && options.before === undefined
        ? 'There is no event yet: `helix events emit`, hooks and schedules make some.'
        : 'There is no such event.',
    );
  });
}

/** Prints the newest events, and then each one as it comes, until Ctrl-C. */
export async function eventsTail(options: EventFilter): Promise<void> {
  await runOnHub(options, async (hub, signal) => {
    const tenantId = await findTenant(hub);
    const where = whereOf(tenantId, options);
    // The window moves with what comes, so nothing is missed between the past and the present.
    let last = 0n;
    const show = (): void => {
      for (const event of sorted(hub)) {
        if (event.id <= last) continue;
        last = event.id;
        print(event, options);
      }
    };
    await subscribeSql(hub, `SELECT * FROM events WHERE ${where} ORDER BY id DESC LIMIT ${Math.max(options.limit, 1)}`);
    if (options.limit === 0) last = newest(hub)?.id ?? 0n;
    show();
    await subscribeSql(hub, `SELECT * FROM events WHERE ${where} AND id > ${last}`);
    show();
    hub.connection.db.events.onInsert(show);
    console.error('Waiting for more; Ctrl-C ends it.');
    await untilAborted(hub.lost, signal);
  });
}

export async function eventsKeep(options: KeepOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    await subscribe(hub, [tables.policies]);
    const policyOf = () => [...hub.connection.db.policies.iter()].find((policy) => policy.tenantId === tenantId);
    const { count, bytes, days } = options;
    if (count !== undefined || bytes !== undefined || days !== undefined) {
      const policy = policyOf();
      await call(
        hub,
        hub.connection.reducers.setEventRetention({
          tenantId,
          eventsMax: count ?? policy?.eventsMax ?? 0,
          eventBytesMax: bytes === undefined ? (policy?.eventBytesMax ?? 0n) : BigInt(bytes),
          eventDays: days ?? policy?.eventDays ?? 0,
        }),
      );
    }
    const policy = policyOf();
    const shown = (value: number | bigint | undefined, byDefault: string) => (value ? `${value}` : byDefault);
    console.log(
      `The newest ${shown(policy?.eventsMax, '10000 (by default)')} events are kept, of at most ${shown(policy?.eventBytesMax, '67108864 (by default)')} bytes, for ${shown(policy?.eventDays, '30 (by default)')} days.`,
    );
  });
}

async function payloadOf({ payload, file }: EmitOptions): Promise<string> {
  const text =
    file === undefined ? (payload ?? '{}') : file === '-' ? await textOf(process.stdin) : await readText(file);
  if (text === undefined) throw new Failure(`There is no file ${file}: check the path`);
  try {
    JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`The payload is not JSON (${why}): write it as in --payload '{"order": 17}'`, { cause });
  }
  return text;
}

function whereOf(tenantId: bigint, { kind, source }: EventFilter): string {
  const parts = [`tenant_id = ${tenantId}`];
  if (kind?.endsWith('*')) {
    const start = kind.slice(0, -1);
    parts.push(`kind >= ${literal(start)} AND kind < ${literal(`${start}\u{10FFFF}`)}`);
  } else if (kind !== undefined) parts.push(`kind = ${literal(kind)}`);
  if (source !== undefined) parts.push(`source = ${literal(source)}`);
  return parts.join(' AND ');
}

function sorted(hub: Hub): Event[] {
  return [...hub.connection.db.events.iter()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function newest(hub: Hub): Event | undefined {
  return sorted(hub).at(-1);
}

function print(event: Event, { json }: EventFilter): void {
  console.log(json ? eventJson(event) : eventLine(event, process.stdout.columns || undefined));
}
