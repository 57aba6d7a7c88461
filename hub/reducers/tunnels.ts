import { SenderError, t } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { clip, requireText } from '../lib/text.ts';
import spacetimedb, { type Ctx, type LimbRow } from '../schema.ts';
import { TunnelReport } from '../tables/tunnels.ts';
import { requireWorker } from './access.ts';

/** A limb says by which tunnels its machine is reached: these and no others, to every tenant that it serves. */
export const reportTunnels = spacetimedb.reducer(
  { name: 'report_tunnels' },
  { tunnels: t.array(TunnelReport) },
  (ctx, { tunnels }) => {
    requireWorker(ctx);
    if (tunnels.length > limits.tunnelsMax) {
      throw new SenderError(
        `too-many-tunnels: ${tunnels.length} tunnels, at most ${limits.tunnelsMax} are allowed; report fewer of them`,
      );
    }
    const told = tunnels.map(({ name, kind, state, address, lastError }) => ({
      name: requireText('tunnel-name', name, limits.nameCharsMax),
      kind: clip(kind, limits.nameCharsMax),
      state,
      address: clip(address, limits.addressCharsMax),
      lastError: clip(lastError, limits.errorCharsMax),
    }));
    if (new Set(told.map(({ name }) => name)).size < told.length) {
      throw new SenderError('invalid-tunnels: two tunnels have one name; give each a name of its own');
    }
    const known = [...ctx.db.tunnel.limb.filter(ctx.sender)];
    for (const { tenantId } of ctx.db.limb.identity.filter(ctx.sender)) {
      const before = known.filter((row) => row.tenantId === tenantId);
      for (const report of told) {
        const row = before.find(({ name }) => name === report.name);
        const changedAt = row?.state.tag === report.state.tag ? row.changedAt : ctx.timestamp;
        const next = { ...report, id: row?.id ?? 0n, tenantId, limb: ctx.sender, changedAt };
        if (row) ctx.db.tunnel.id.update(next);
        else ctx.db.tunnel.insert(next);
      }
      for (const row of before) {
        if (!told.some(({ name }) => name === row.name)) ctx.db.tunnel.id.delete(row.id);
      }
    }
  },
);

/** Of a limb that a tenant does not have any more. */
export function forgetTunnels(ctx: Ctx, { identity, tenantId }: LimbRow): void {
  for (const row of [...ctx.db.tunnel.limb.filter(identity)]) {
    if (row.tenantId === tenantId) ctx.db.tunnel.id.delete(row.id);
  }
}
