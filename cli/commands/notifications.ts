import pc from 'picocolors';
import { tables } from '../../bindings/index.ts';
import type { Notification } from '../../bindings/types.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { moment } from '../lib/event-line.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { plainRow } from '../lib/plain-row.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine } from '../lib/terminal.ts';

const levelColours = { Info: pc.cyan, Warning: pc.yellow, Critical: pc.red } as const;

export async function notifications(options: ClientOptions & { readonly all?: boolean }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const all = (await notificationsOf(hub, tenantId)).map((row) => ({ row, isRead: isRead(hub, row) }));
    const shown = options.all ? all : all.filter((one) => !one.isRead);
    if (options.json) {
      const rows = shown.map(({ row, isRead }) => ({ ...plainRow(row), isRead }));
      return console.log(JSON.stringify(rows, undefined, 2));
    }
    for (const { row, isRead } of shown) console.log(lineOf(row, isRead));
    if (shown.length > 0) return;
    console.error(all.length === 0 ? 'There is no notification.' : 'You have read them all: --all shows them again.');
  });
}

export async function notificationsRead(ids: readonly bigint[], options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    await call(hub, hub.connection.reducers.readNotifications({ tenantId, all: ids.length === 0, ids: [...ids] }));
    console.log(ids.length === 0 ? 'You have read all of them.' : `You have read ${ids.join(', ')}.`);
  });
}

export async function notificationsSend(
  title: string,
  options: HubOptions & { readonly level: 'info' | 'warning' | 'critical'; readonly text: string },
): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const tag = { info: 'Info', warning: 'Warning', critical: 'Critical' } as const;
    const level = { tag: tag[options.level] };
    await call(hub, hub.connection.reducers.notifyMembers({ tenantId, level, title, text: options.text }));
    console.log('The members of the tenant are told.');
  });
}

function lineOf({ id, at, level, title, text, event }: Notification, isRead: boolean): string {
  const mark = isRead ? ' ' : '•';
  const more = text === '' ? '' : pc.dim(`  ${oneLine(text)}`);
  const about = event === undefined ? '' : pc.dim(`  (event ${event})`);
  const word = levelColours[level.tag](level.tag.toLowerCase().padEnd(8));
  return `${mark} ${`${id}`.padEnd(5)} ${moment(at)}  ${word}  ${oneLine(title)}${more}${about}`;
}

function isRead(hub: Hub, { id, tenantId }: Notification): boolean {
  const reading = [...hub.connection.db.readings.iter()].find((row) => row.tenantId === tenantId);
  return reading !== undefined && (id <= reading.upTo || reading.ids.includes(id));
}

async function notificationsOf(hub: Hub, tenantId: bigint): Promise<Notification[]> {
  await subscribe(hub, [tables.notifications.where((row) => row.tenantId.eq(tenantId)), tables.readings]);
  return [...hub.connection.db.notifications.iter()].sort((a, b) => Number(b.id - a.id));
}
