import { t } from 'spacetimedb/server';

export const TunnelState = t.enum('TunnelState', ['Stopped', 'Starting', 'Up', 'Unhealthy', 'Waiting', 'Failed']);

/** What a limb says of one way by which its machine is reached from outside. */
export const TunnelReport = t.object('TunnelReport', {
  /** What it is called on that machine. */
  name: t.string(),
  /** Whose: `cloudflared`, `ssh`, … */
  kind: t.string(),
  state: TunnelState,
  /** Where it is reached; empty while that is not known. */
  address: t.string(),
  /** The last failure in one sentence; empty when there was none since it was up. */
  lastError: t.string(),
});

/** A way by which a limb's machine is reached from outside, as the limb told one tenant last. */
export const tunnelRow = t.row('Tunnel', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  limb: t.identity().index('btree'),
  name: t.string(),
  kind: t.string(),
  state: TunnelState,
  address: t.string(),
  lastError: t.string(),
  /** When it came into this state. */
  changedAt: t.timestamp(),
});
