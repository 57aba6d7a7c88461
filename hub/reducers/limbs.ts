import { SenderError, t } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { clip, requireSkill, requireText } from '../lib/text.ts';
import { heard } from '../queue/liveness.ts';
import { requireLabels } from '../queue/terms.ts';
import { bringLive, dismiss, loseLeases, refresh } from '../queue/workers.ts';
import spacetimedb, { type Ctx, type LimbRow } from '../schema.ts';
import { isAnnounced, requireMember, requireWorker } from './access.ts';
import { forgetTunnels } from './tunnels.ts';

/**
 * A limb says, after each connect, what it can do; from then on it gets offers. `session` names one run of its process:
 * one that comes back under the same session keeps its tasks, while another run knows nothing of them, so that they go
 * back to the queue. `capacity` 0 asks for no further tasks. `lacks` says why skills that it should have are not among them.
 */
export const announceLimb = spacetimedb.reducer(
  { name: 'announce_limb' },
  {
    skills: t.array(t.string()),
    capacity: t.u32(),
    version: t.string(),
    sandbox: t.string(),
    model: t.string(),
    session: t.string(),
    lacks: t.string(),
  },
  (ctx, { skills, capacity, version, sandbox, model, session, lacks }) => {
    const worker = requireWorker(ctx);
    if (!ctx.connectionId) {
      throw new SenderError('not-connected: a limb is announced over a connection that stays open; open a WebSocket');
    }
    const offered = requireSkills(skills);
    requireCapacity(capacity);
    heard(ctx.connectionId);
    // Nothing is asked over an earlier one any more.
    if (worker.connection) heard(worker.connection);
    ctx.db.grace.limb.delete(ctx.sender);
    const run = requireText('session', session, limits.sessionCharsMax);
    if (worker.session !== run) loseLeases(ctx, ctx.sender, 'was started anew');
    for (const limb of [...ctx.db.limb.identity.filter(ctx.sender)]) {
      ctx.db.limb.id.update({
        ...limb,
        version: clip(version, limits.nameCharsMax),
        sandbox: clip(sandbox, limits.nameCharsMax),
        model: clip(model, limits.nameCharsMax),
        lacks: clip(lacks, limits.lacksCharsMax),
      });
    }
    bringLive(ctx, {
      ...worker,
      connection: ctx.connectionId,
      session: run,
      skills: offered,
      capacity,
    });
  },
);

/** A limb answers a ping. One that had fallen silent has offers again. */
export const pong = spacetimedb.reducer({ name: 'pong' }, (ctx) => {
  const worker = requireWorker(ctx);
  if (!worker.isLive && isAnnounced(ctx, worker)) bringLive(ctx, worker);
});

/** A limb says how much it remembers of a tenant; what it remembers stays with it. */
export const reportMemory = spacetimedb.reducer(
  { name: 'report_memory' },
  {
    tenantId: t.u64(),
    documentCount: t.u32(),
    chunkCount: t.u32(),
    byteCount: t.u64(),
    changedAt: t.option(t.timestamp()),
    engine: t.string(),
  },
  (ctx, { tenantId, documentCount, chunkCount, byteCount, changedAt, engine }) => {
    requireWorker(ctx);
    const limb = requireLimb(ctx, tenantId, ctx.sender);
    ctx.db.limb.id.update({ ...limb, documentCount, chunkCount });
    const known = [...ctx.db.memory.limb.filter(ctx.sender)].find((row) => row.tenantId === tenantId);
    const row = {
      id: known?.id ?? 0n,
      tenantId,
      limb: ctx.sender,
      documentCount,
      chunkCount,
      byteCount,
      changedAt,
      engine: clip(engine, limits.nameCharsMax),
      reportedAt: ctx.timestamp,
    };
    if (known) ctx.db.memory.id.update(row);
    else ctx.db.memory.insert(row);
  },
);

/**
 * Says what a limb may do in a tenant: its labels, the skills that it may offer (none: all that it has), and how many of
 * the tenant's tasks it may have at once (0: as many as it can).
 */
export const setLimb = spacetimedb.reducer(
  { name: 'set_limb' },
  {
    tenantId: t.u64(),
    limb: t.identity(),
    labels: t.array(t.string()),
    allowedSkills: t.array(t.string()),
    capacityMax: t.u32(),
  },
  (ctx, { tenantId, limb: identity, labels, allowedSkills, capacityMax }) => {
    requireMember(ctx, tenantId, 'Owner');
    const limb = requireLimb(ctx, tenantId, identity);
    requireCapacity(capacityMax);
    const changed = ctx.db.limb.id.update({
      ...limb,
      labels: requireLabels(labels),
      allowedSkills: requireSkills(allowedSkills),
      capacityMax,
    });
    refresh(ctx, changed);
  },
);

/** Lets a limb finish what it has of a tenant's tasks and offers it no more, or lets it have tasks again. */
export const drainLimb = spacetimedb.reducer(
  { name: 'drain_limb' },
  { tenantId: t.u64(), limb: t.identity(), isDraining: t.bool() },
  (ctx, { tenantId, limb: identity, isDraining }) => {
    requireMember(ctx, tenantId, 'Owner');
    refresh(ctx, ctx.db.limb.id.update({ ...requireLimb(ctx, tenantId, identity), isDraining }));
  },
);

/** Takes a limb out of a tenant at once: what it holds and is offered there goes to others. */
export const revokeLimb = spacetimedb.reducer(
  { name: 'revoke_limb' },
  { tenantId: t.u64(), limb: t.identity() },
  (ctx, { tenantId, limb: identity }) => {
    requireMember(ctx, tenantId, 'Owner');
    const limb = requireLimb(ctx, tenantId, identity);
    for (const memory of [...ctx.db.memory.limb.filter(identity)]) {
      if (memory.tenantId === tenantId) ctx.db.memory.id.delete(memory.id);
    }
    forgetTunnels(ctx, limb);
    dismiss(ctx, limb);
  },
);

/** Names of skills in one order and each once. */
function requireSkills(skills: readonly string[]): string[] {
  if (skills.length > limits.skillsMax) {
    throw new SenderError(
      `too-many-skills: ${skills.length} skills, at most ${limits.skillsMax} are allowed; name fewer of them`,
    );
  }
  return [...new Set(skills.map((skill) => requireSkill(skill)))].sort();
}

function requireCapacity(capacity: number): void {
  if (capacity <= limits.capacityMax) return;
  throw new SenderError(
    `invalid-capacity: ${capacity} tasks at once, at most ${limits.capacityMax} are allowed; choose fewer`,
  );
}

function requireLimb(ctx: Ctx, tenantId: bigint, identity: LimbRow['identity']): LimbRow {
  const limb = [...ctx.db.limb.identity.filter(identity)].find((row) => row.tenantId === tenantId);
  if (!limb)
    throw new SenderError('no-such-limb: no limb with this Identity belongs to this tenant; name one of its limbs');
  return limb;
}
