import { SenderError, t } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { clip, requireSkill, requireText } from '../lib/text.ts';
import { bringLive, loseLeases } from '../queue/workers.ts';
import spacetimedb from '../schema.ts';
import { isAnnounced, requireWorker } from './access.ts';

/**
 * A limb says, after each connect, what it can do; from then on it gets offers. `session` names one run of its process:
 * one that comes back under the same session keeps its tasks, while another run knows nothing of them, so that they go
 * back to the queue. `capacity` 0 asks for no further tasks.
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
  },
  (ctx, { skills, capacity, version, sandbox, model, session }) => {
    const worker = requireWorker(ctx);
    if (!ctx.connectionId) {
      throw new SenderError('not-connected: a limb is announced over a connection that stays open; open a WebSocket');
    }
    if (skills.length > limits.skillsMax) {
      throw new SenderError(`too-many-skills: ${skills.length} skills, at most ${limits.skillsMax} are allowed`);
    }
    if (capacity > limits.capacityMax) {
      throw new SenderError(`invalid-capacity: ${capacity} is more than ${limits.capacityMax}`);
    }
    const run = requireText('session', session, limits.sessionCharsMax);
    if (worker.session !== run) loseLeases(ctx, ctx.sender, 'was started anew');
    for (const limb of [...ctx.db.limb.identity.filter(ctx.sender)]) {
      ctx.db.limb.id.update({
        ...limb,
        version: clip(version, limits.nameCharsMax),
        sandbox: clip(sandbox, limits.nameCharsMax),
        model: clip(model, limits.nameCharsMax),
      });
    }
    bringLive(ctx, {
      ...worker,
      connection: ctx.connectionId,
      session: run,
      skills: [...new Set(skills.map((skill) => requireSkill(skill)))].sort(),
      capacity,
    });
  },
);

/** A limb answers a ping. One that had fallen silent has offers again. */
export const pong = spacetimedb.reducer({ name: 'pong' }, (ctx) => {
  const worker = requireWorker(ctx);
  if (!worker.isLive && isAnnounced(ctx, worker)) bringLive(ctx, worker);
});

/** A limb says how much it remembers; what it remembers stays with it. */
export const reportMemory = spacetimedb.reducer(
  { name: 'report_memory' },
  { documentCount: t.u32(), chunkCount: t.u32() },
  (ctx, { documentCount, chunkCount }) => {
    requireWorker(ctx);
    for (const limb of [...ctx.db.limb.identity.filter(ctx.sender)]) {
      ctx.db.limb.id.update({ ...limb, documentCount, chunkCount });
    }
  },
);
