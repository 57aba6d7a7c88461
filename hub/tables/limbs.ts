import { t } from 'spacetimedb/server';

/** A worker as one tenant knows it. A worker may serve several tenants, and has such a row in each. */
export const limbRow = t.row('Limb', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  identity: t.identity().index('btree'),
  name: t.string(),
  /** What it offers to do here. */
  skills: t.array(t.string()),
  /** How many tasks of this tenant it works on at once. */
  capacity: t.u32(),
  online: t.bool(),
  /** The connection that announced it; another one's end does not take it offline. */
  connection: t.option(t.connectionId()),
  version: t.string(),
  /** The sandbox engine and its level, in words: `bubblewrap (jail)`; empty without one. */
  sandbox: t.string(),
  /** The language model, in words; empty without one. */
  model: t.string(),
  documentCount: t.u32(),
  chunkCount: t.u32(),
  /** What an owner says of it, such as `eu` or `gpu`: tasks may ask for labels. */
  labels: t.array(t.string()),
  /** The skills that the tenant lets it offer; none for all that it has. */
  allowedSkills: t.array(t.string()),
  /** The most tasks of this tenant that it may have at once; 0 for as many as it can. */
  capacityMax: t.u32(),
  enrolledAt: t.timestamp(),
  seenAt: t.timestamp(),
  /** It finishes what it has of this tenant's, and gets no more. */
  isDraining: t.bool().default(false),
  /** What it waits for, and what it cannot do until then, in words; empty when all of it is there. */
  lacks: t.string().default(''),
});

/** What a limb remembers of one tenant, in figures: the documents themselves stay with it. */
export const memoryRow = t.row('Memory', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  limb: t.identity().index('btree'),
  documentCount: t.u32(),
  chunkCount: t.u32(),
  /** Bytes of the documents. */
  byteCount: t.u64(),
  /** When a document was last added or changed; none while there is none. */
  changedAt: t.option(t.timestamp()),
  /** The database and the embedding model in words: `PGlite, use-lite-en`. */
  engine: t.string(),
  reportedAt: t.timestamp(),
});

/** A worker process, whichever tenants it serves. Nobody sees this row: each tenant has its own of the limb. */
export const workerRow = t.row('Worker', {
  identity: t.identity().primaryKey(),
  /** None while it is away. */
  connection: t.option(t.connectionId()),
  /** Names one run of its process: another one knows nothing of the tasks that the earlier one held. */
  session: t.string(),
  /** What it can do. */
  skills: t.array(t.string()),
  /** How many tasks of all tenants at once; 0: no further ones, because it is about to end. */
  capacity: t.u32(),
  /** Connected and answering: only then it gets offers. */
  isLive: t.bool(),
});

/** How much room a limb has: full, some, or all of it. Those with all are asked first. */
export const room = { none: 0, some: 1, all: 2 } as const;

/** Stands for one skill that a live limb offers to one tenant. */
export const stationRow = t.row('Station', {
  id: t.u64().primaryKey().autoInc(),
  limb: t.identity().index('btree'),
  limbId: t.u64(),
  tenantId: t.u64(),
  route: t.string(),
  room: t.u8(),
});

/** Asks a limb that holds tasks whether it is still there. It answers by `pong`; neither is ever stored. */
export const pingRow = t.row('Ping', { limb: t.identity() });
