import { Range, SenderError } from 'spacetimedb/server';
import { requireRow } from '../lib/assertion.ts';
import { limits } from '../lib/limits.ts';
import { routeOf } from '../lib/routes.ts';
import type { BandRow, Ctx, LaneRow, QueueEntryRow, TaskRow, TaskTerms } from '../schema.ts';
import { concurrencyOf, hasPlace } from './concurrency.ts';
import { termsOf } from './terms.ts';

// Orders are kept as places that are handed out by counting: whoever is first has the lowest place. Places that were
// left early are gaps, which are passed over once. So whatever waits, the first is found by looking at a few rows.

/** Places start here, so that there is room for those who come back to the front. */
const firstPlace = 1n << 32n;
/** How many places are looked at together, more and more of them in a gap. */
const placesMin = 2n;
const placesMax = 64n;

/** Puts a task into its lane: at the end, or at the front when it had been there before. `found`: its band, if that is known. */
export function joinLane(
  ctx: Ctx,
  task: TaskRow,
  terms: TaskTerms,
  isReturning: boolean,
  found?: BandRow,
): QueueEntryRow {
  const band = found ?? findBand(ctx, task, terms) ?? openBand(ctx, task, terms);
  const concurrency = concurrencyOf(task.tenantId, terms);
  const lane = findLane(ctx, band.id, concurrency) ?? openLane(ctx, band.id, task, concurrency);
  const place = isReturning ? lane.head - 1n : lane.tail;
  const taskCount = lane.taskCount + 1;
  ctx.db.lane.id.update({ ...lane, taskCount, ...(isReturning ? { head: place } : { tail: place + 1n }) });
  const known = ctx.db.queueEntry.taskId.find(task.id);
  const entry = {
    taskId: task.id,
    tenantId: task.tenantId,
    laneId: lane.id,
    bandId: band.id,
    place,
    queuedAt: known?.queuedAt ?? ctx.timestamp,
    waitsUntil: undefined,
    budgetId: 0n,
    shortage: '',
  };
  return known ? ctx.db.queueEntry.taskId.update(entry) : ctx.db.queueEntry.insert(entry);
}

/** Takes a task out of the lane that it stands in, if it does. `isFirst`: nobody stands before it. */
export function leaveLane(ctx: Ctx, entry: QueueEntryRow, isFirst = false): void {
  const lane = entry.laneId === 0n ? undefined : ctx.db.lane.id.find(entry.laneId);
  if (!lane) return;
  ctx.db.queueEntry.taskId.update({ ...entry, laneId: 0n, bandId: 0n, place: 0n });
  if (lane.taskCount > 1) {
    const head = isFirst || entry.place === lane.head ? entry.place + 1n : lane.head;
    ctx.db.lane.id.update({ ...lane, taskCount: lane.taskCount - 1, head });
    return;
  }
  ctx.db.lane.id.delete(lane.id);
  const band = requireRow(ctx.db.band.id.find(lane.bandId), `band ${lane.bandId}`);
  if (band.laneCount > 1) ctx.db.band.id.update({ ...band, laneCount: band.laneCount - 1 });
  else ctx.db.band.id.delete(band.id);
}

/** The lane whose turn it is, among those whose concurrency key has a place left. */
export function firstLane(ctx: Ctx, band: BandRow): LaneRow | undefined {
  return lowest(band, (places) => ctx.db.lane.byPlace.filter([band.id, places]));
}

export function firstEntry(ctx: Ctx, lane: LaneRow): QueueEntryRow {
  const entry = lowest(lane, (places) => ctx.db.queueEntry.byPlace.filter([lane.id, places]));
  return requireRow(entry, `the first task of lane ${lane.id}`);
}

/** A lane that was served, if it is still there, goes to the end of its band's order. */
export function passTurn(ctx: Ctx, served: LaneRow): void {
  const band = ctx.db.band.id.find(served.bandId);
  if (!band) return;
  const head = served.place + 1n;
  const lane = ctx.db.lane.id.find(served.id);
  if (lane && hasPlace(ctx, lane.concurrency, concurrencyMaxOf(ctx, lane))) {
    ctx.db.lane.id.update({ ...lane, place: band.tail });
    ctx.db.band.id.update({ ...band, head, tail: band.tail + 1n });
    return;
  }
  if (lane) ctx.db.lane.id.update({ ...lane, place: 0n });
  ctx.db.band.id.update({ ...band, head });
}

/** Gives a lane a place in its band's order when it has none and its concurrency key has room. */
export function standInLine(ctx: Ctx, laneId: bigint): void {
  const lane = ctx.db.lane.id.find(laneId);
  if (lane?.place !== 0n || !hasPlace(ctx, lane.concurrency, concurrencyMaxOf(ctx, lane))) return;
  const band = requireRow(ctx.db.band.id.find(lane.bandId), `band ${lane.bandId}`);
  ctx.db.lane.id.update({ ...lane, place: band.tail });
  ctx.db.band.id.update({ ...band, tail: band.tail + 1n });
}

/** Takes the lanes of a concurrency key that is used up out of their bands' orders. */
export function stepAside(ctx: Ctx, concurrency: string): void {
  if (concurrency === '') return;
  for (const lane of [...ctx.db.lane.concurrency.filter(concurrency)]) {
    if (lane.place === 0n || hasPlace(ctx, concurrency, concurrencyMaxOf(ctx, lane))) continue;
    ctx.db.lane.id.update({ ...lane, place: 0n });
  }
}

/** The limit of a lane's key is that of its first task. */
function concurrencyMaxOf(ctx: Ctx, lane: LaneRow): number {
  if (lane.concurrency === '') return 0;
  const { taskId } = firstEntry(ctx, lane);
  return termsOf(ctx, taskId).concurrencyMax;
}

/**
 * Lets a tenant have one more task of a kind, unless its tasks are of too many kinds: whoever asks why they wait goes through all.
 * @returns the band of that kind, if there is one
 */
export function requireBand(
  ctx: Ctx,
  task: Pick<TaskRow, 'tenantId' | 'skill' | 'priority'>,
  terms: TaskTerms,
): BandRow | undefined {
  const found = findBand(ctx, task, terms);
  if (found) return found;
  const count = [...ctx.db.band.tenantId.filter(task.tenantId)].length;
  if (count < limits.bandsMax) return undefined;
  throw new SenderError(
    `queue-full: the tenant's waiting tasks are of ${count} kinds, which differ in skill, target, labels or priority, the most that are allowed; wait, or use fewer of them`,
  );
}

function findBand(
  ctx: Ctx,
  task: Pick<TaskRow, 'tenantId' | 'skill' | 'priority'>,
  terms: TaskTerms,
): BandRow | undefined {
  const labels = terms.labels.join('\n');
  for (const band of ctx.db.band.route.filter(routeOf(task.tenantId, task.skill, terms.target))) {
    if (band.priority === task.priority && band.labels.join('\n') === labels) return band;
  }
  return undefined;
}

function openBand(ctx: Ctx, task: TaskRow, { target, labels }: TaskTerms): BandRow {
  return ctx.db.band.insert({
    id: 0n,
    tenantId: task.tenantId,
    route: routeOf(task.tenantId, task.skill, target),
    skill: task.skill,
    target,
    labels,
    priority: task.priority,
    head: firstPlace,
    tail: firstPlace,
    laneCount: 0,
    turn: 0n,
  });
}

function findLane(ctx: Ctx, bandId: bigint, concurrency: string): LaneRow | undefined {
  const [lane] = ctx.db.lane.byKey.filter([bandId, concurrency]);
  return lane;
}

function openLane(ctx: Ctx, bandId: bigint, task: TaskRow, concurrency: string): LaneRow {
  const band = requireRow(ctx.db.band.id.find(bandId), `band ${bandId}`);
  ctx.db.band.id.update({ ...band, laneCount: band.laneCount + 1 });
  return ctx.db.lane.insert({
    id: 0n,
    tenantId: task.tenantId,
    bandId,
    concurrency,
    place: 0n,
    head: firstPlace,
    tail: firstPlace,
    taskCount: 0,
  });
}

/**
 * The row with the lowest place from the head on. It is looked for in a few places at a time, because a range gives the
 * rows of the open transaction before all others, whatever their places.
 */
function lowest<Row extends { readonly place: bigint }>(
  { head, tail }: { readonly head: bigint; readonly tail: bigint },
  rowsIn: (places: Range<bigint>) => Iterable<Row>,
): Row | undefined {
  let places = placesMin;
  for (let from = head; from < tail; from += places) {
    if (from > head && places < placesMax) places *= 2n;
    let first: Row | undefined;
    const range = new Range<bigint>({ tag: 'included', value: from }, { tag: 'excluded', value: from + places });
    for (const row of rowsIn(range)) if (!first || row.place < first.place) first = row;
    if (first) return first;
  }
  return undefined;
}
