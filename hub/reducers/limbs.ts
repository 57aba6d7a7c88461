import { SenderError, t } from 'spacetimedb/server';
import { ownLane, sharedLane } from '../lib/lanes.ts';
import { limits } from '../lib/limits.ts';
import { clip, requireSkill } from '../lib/text.ts';
import spacetimedb from '../schema.ts';
import { requireLimb } from './access.ts';

/** A limb says, after each connect, what it can do; from then on it sees the offers of its skills. */
export const announceLimb = spacetimedb.reducer(
  { name: 'announce_limb' },
  { skills: t.array(t.string()), capacity: t.u32(), version: t.string(), sandbox: t.string(), model: t.string() },
  (ctx, { skills, capacity, version, sandbox, model }) => {
    const limb = requireLimb(ctx);
    if (skills.length > limits.skillsMax) {
      throw new SenderError(`too-many-skills: ${skills.length} skills, at most ${limits.skillsMax} are allowed`);
    }
    if (capacity < 1 || capacity > limits.capacityMax) {
      throw new SenderError(`invalid-capacity: ${capacity} is not between 1 and ${limits.capacityMax}`);
    }
    const distinct = [...new Set(skills.map((skill) => requireSkill(skill)))].sort();
    ctx.db.limb.identity.update({
      ...limb,
      skills: distinct,
      capacity,
      version: clip(version, limits.nameCharsMax),
      sandbox: clip(sandbox, limits.nameCharsMax),
      model: clip(model, limits.nameCharsMax),
      online: true,
      connection: ctx.connectionId ?? undefined,
      seenAt: ctx.timestamp,
    });
    ctx.db.laneAccess.limb.delete(ctx.sender);
    for (const skill of distinct) {
      for (const lane of [sharedLane(limb.tenantId, skill), ownLane(limb.tenantId, skill, ctx.sender)]) {
        ctx.db.laneAccess.insert({ id: 0n, limb: ctx.sender, lane });
      }
    }
  },
);

/** A limb says how much it remembers; what it remembers stays with it. */
export const reportMemory = spacetimedb.reducer(
  { name: 'report_memory' },
  { documentCount: t.u32(), chunkCount: t.u32() },
  (ctx, { documentCount, chunkCount }) => {
    ctx.db.limb.identity.update({ ...requireLimb(ctx), documentCount, chunkCount });
  },
);
