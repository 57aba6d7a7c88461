import { type Identity, Timestamp } from 'spacetimedb';
import { budgetsOf, describeShortage, periodEndMs, type Shortage, shortageOf } from '../budgets/budgets.ts';
import { requireRow } from '../lib/assertion.ts';
import { limits } from '../lib/limits.ts';
import { ascending } from '../lib/order.ts';
import { routeOf } from '../lib/routes.ts';
import { after } from '../lib/time.ts';
import type { BandRow, Ctx, LaneRow, LimbRow, QueueEntryRow, TaskRow, TaskTerms, WorkerRow } from '../schema.ts';
import { concurrencyOf, givePlaceBack, takePlace } from './concurrency.ts';
import { firstEntry, firstLane, joinLane, leaveLane, passTurn, standInLine, stepAside } from './lanes.ts';
import { hasSlot, limbsWithRoom, noteRoom, noteRoomOf, suits, takenSlots } from './slots.ts';
import { termsOf } from './terms.ts';
import { dropTimers, wakeAt } from './timers.ts';

// Who works on what. Nothing waits while a limb that may work on it has a free slot: whenever one of the two appears, the
// other one is looked for in the same transaction.

/** Offers tasks to a limb until its slots are taken or there is none for it. */
export function fillSlots(ctx: Ctx, identity: Identity): void {
  const worker = ctx.db.worker.identity.find(identity);
  if (!worker) return;
  let taken = takenSlots(ctx, identity);
  while (worker.isLive && taken < worker.capacity) {
    const band = nextBand(ctx, worker);
    if (!band) break;
    if (takeFirst(ctx, band, requireRow(firstLane(ctx, band), `a lane of band ${band.id}`), identity)) taken++;
  }
  noteRoom(ctx, worker, taken);
}

/** Offers the tasks of a band to limbs that have room. */
export function placeBand(ctx: Ctx, bandId: bigint): void {
  for (;;) {
    const band = ctx.db.band.id.find(bandId);
    const lane = band && firstLane(ctx, band);
    const limb = lane && limbFor(ctx, band);
    if (!limb) return;
    takeFirst(ctx, band, lane, limb);
    noteRoomOf(ctx, limb);
  }
}

/** Takes an offer back: its task waits again, before those that came later. */
export function withdrawOffer(ctx: Ctx, taskId: bigint): void {
  const task = requireRow(ctx.db.task.id.find(taskId), `task ${taskId}`);
  const terms = termsOf(ctx, taskId);
  const key = concurrencyOf(task.tenantId, terms);
  ctx.db.offer.taskId.delete(taskId);
  givePlaceBack(ctx, key, taskId);
  enqueue(ctx, task, terms, true);
  openKey(ctx, key);
}

/**
 * Puts a task whose time has come into its lane, and offers it when somebody is free. `isReturning`: it goes to the front.
 */
export function enqueue(ctx: Ctx, task: TaskRow, terms: TaskTerms, isReturning = false, found?: BandRow): void {
  const { laneId, bandId } = joinLane(ctx, task, terms, isReturning, found);
  standInLine(ctx, laneId);
  placeBand(ctx, bandId);
}

/** Lets those who wait for a place of a concurrency key have the free ones. */
export function openKey(ctx: Ctx, key: string): void {
  if (key === '') return;
  for (const lane of [...ctx.db.lane.concurrency.filter(key)]) {
    standInLine(ctx, lane.id);
    placeBand(ctx, lane.bandId);
  }
}

/**
 * Offers the first task of the lane whose turn it is, or sets it aside when its budgets have too little left.
 * @returns whether it was offered
 */
function takeFirst(ctx: Ctx, band: BandRow, lane: LaneRow, limb: Identity): boolean {
  const entry = firstEntry(ctx, lane);
  leaveLane(ctx, entry, true);
  const shortage = shortageFor(ctx, entry.taskId);
  if (shortage) {
    passTurn(ctx, lane);
    park(ctx, entry, shortage);
    return false;
  }
  takePlace(ctx, lane.concurrency, entry.taskId);
  passTurn(ctx, lane);
  stepAside(ctx, lane.concurrency);
  ctx.db.offer.insert({
    taskId: entry.taskId,
    tenantId: band.tenantId,
    limb,
    skill: band.skill,
    offeredAt: ctx.timestamp,
  });
  return true;
}

/** Lets tasks that waited for a budget try again, a bounded number at once and soon the next ones, as long as some go on. */
export function unpark(ctx: Ctx, budgetId: bigint): void {
  const parked = [...ctx.db.queueEntry.budgetId.filter(budgetId)].map(({ taskId }) => taskId);
  const bands = new Set<bigint>();
  // Each stands before those that came before: so the oldest is first again.
  for (const taskId of parked.sort(ascending).slice(0, limits.unparkedMax).reverse()) {
    dropTimers(ctx, taskId, 'Ready');
    const task = requireRow(ctx.db.task.id.find(taskId), `task ${taskId}`);
    const { laneId, bandId } = joinLane(ctx, task, termsOf(ctx, taskId), true);
    standInLine(ctx, laneId);
    bands.add(bandId);
  }
  for (const bandId of bands) placeBand(ctx, bandId);
  if (parked.length <= limits.unparkedMax) return;
  const left = [...ctx.db.queueEntry.budgetId.filter(budgetId)];
  const [next] = left;
  if (next && left.length < parked.length) wakeAt(ctx, next.taskId, after(ctx.timestamp, limits.unparkNextMs), 'Ready');
}

function park(ctx: Ctx, entry: QueueEntryRow, shortage: Shortage): void {
  const { budget } = shortage;
  const nowhere = { laneId: 0n, bandId: 0n, place: 0n };
  const parked = { ...entry, ...nowhere, budgetId: budget.id, shortage: describeShortage(shortage) };
  ctx.db.queueEntry.taskId.update(parked);
  const endMs = periodEndMs(budget, ctx.timestamp);
  if (endMs !== undefined) wakeAt(ctx, entry.taskId, new Timestamp(BigInt(endMs) * 1000n), 'Ready');
}

function shortageFor(ctx: Ctx, taskId: bigint): Shortage | undefined {
  const { needs } = termsOf(ctx, taskId);
  const task = needs && ctx.db.task.id.find(taskId);
  return task ? shortageOf(budgetsOf(ctx, task), needs) : undefined;
}

/** A limb that may serve the band; those that are idle come first. */
function limbFor(ctx: Ctx, band: BandRow): Identity | undefined {
  if (band.target) {
    const worker = ctx.db.worker.identity.find(band.target);
    if (!worker || !hasSlot(ctx, worker)) return undefined;
    const limb = [...ctx.db.limb.identity.filter(band.target)].find(({ tenantId }) => tenantId === band.tenantId);
    return limb?.skills.includes(band.skill) && suits(ctx, limb, band) ? band.target : undefined;
  }
  for (const limb of limbsWithRoom(ctx, band.route)) if (suits(ctx, limb, band)) return limb.identity;
  return undefined;
}

/** What a limb serves next: the highest priority, then the tenant, then the band that has waited longest for its turn. */
function nextBand(ctx: Ctx, worker: WorkerRow): BandRow | undefined {
  const found: BandRow[] = [];
  const limbs = [...ctx.db.limb.identity.filter(worker.identity)];
  for (const limb of limbs) found.push(...bandsFor(ctx, limb));
  const top = Math.max(...found.map(({ priority }) => priority));
  const rivals = found.filter(({ priority }) => priority === top);
  const turns = limbs.length > 1 ? turnsOf(ctx, limbs) : new Map<bigint, bigint>();
  const waited = (band: BandRow) => turns.get(band.tenantId) ?? 0n;
  rivals.sort((a, b) => ascending(waited(a), waited(b)) || ascending(a.turn, b.turn) || ascending(a.id, b.id));
  const [next] = rivals;
  if (!next) return undefined;
  if (turns.size > 1) setTurn(ctx, next.tenantId, maxOf(turns.values()) + 1n);
  // Bands take turns with those of their own tenant: what others have waiting changes nothing of that.
  const own = rivals.filter(({ tenantId }) => tenantId === next.tenantId);
  return ctx.db.band.id.update({ ...next, turn: maxOf(own.map(({ turn }) => turn)) + 1n });
}

function bandsFor(ctx: Ctx, limb: LimbRow): BandRow[] {
  const bands: BandRow[] = [];
  for (const skill of limb.skills) {
    for (const route of [routeOf(limb.tenantId, skill), routeOf(limb.tenantId, skill, limb.identity)]) {
      for (const band of ctx.db.band.route.filter(route)) {
        if (suits(ctx, limb, band) && firstLane(ctx, band)) bands.push(band);
      }
    }
  }
  return bands;
}

function turnsOf(ctx: Ctx, limbs: readonly LimbRow[]): Map<bigint, bigint> {
  return new Map(limbs.map(({ tenantId }) => [tenantId, ctx.db.precedence.tenantId.find(tenantId)?.turn ?? 0n]));
}

function setTurn(ctx: Ctx, tenantId: bigint, turn: bigint): void {
  if (ctx.db.precedence.tenantId.find(tenantId)) ctx.db.precedence.tenantId.update({ tenantId, turn });
  else ctx.db.precedence.insert({ tenantId, turn });
}

function maxOf(turns: Iterable<bigint>): bigint {
  let most = 0n;
  for (const turn of turns) if (turn > most) most = turn;
  return most;
}
