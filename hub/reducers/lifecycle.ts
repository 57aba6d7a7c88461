import { ScheduleAt } from 'spacetimedb';
import spacetimedb, { sweepTable } from '../schema.ts';
import { returnTask } from './queue.ts';

const sweepEveryMicros = 60_000_000n;

/** Whoever creates the hub owns its first tenant. */
export const init = spacetimedb.init((ctx) => {
  const tenant = ctx.db.tenant.insert({ id: 0n, name: 'local', createdAt: ctx.timestamp });
  ctx.db.member.insert({
    id: 0n,
    tenantId: tenant.id,
    identity: ctx.sender,
    role: { tag: 'Owner' },
    name: 'local owner',
    joinedAt: ctx.timestamp,
  });
  ctx.db.sweep.insert({ id: 0n, scheduledAt: ScheduleAt.interval(sweepEveryMicros) });
});

/** A limb that has gone away cannot finish its work: somebody else takes it. */
export const onDisconnect = spacetimedb.clientDisconnected((ctx) => {
  const limb = ctx.db.limb.identity.find(ctx.sender);
  if (!limb?.connection || !ctx.connectionId?.isEqual(limb.connection)) return;
  ctx.db.limb.identity.update({ ...limb, online: false, connection: undefined, seenAt: ctx.timestamp });
  for (const lease of [...ctx.db.lease.limb.filter(ctx.sender)]) {
    returnTask(ctx, lease, `the limb ${limb.name} went away`);
  }
});

export const sweep = spacetimedb.reducer({ onSchedule: sweepTable }, { row: sweepTable.rowType }, (ctx) => {
  for (const invite of [...ctx.db.invite.iter()]) {
    if (invite.expiresAt.microsSinceUnixEpoch < ctx.timestamp.microsSinceUnixEpoch) {
      ctx.db.invite.codeHash.delete(invite.codeHash);
    }
  }
});
