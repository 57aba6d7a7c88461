import { hold } from '../hold.ts';
import { byTask, groupBy, type Tables } from './tables.ts';

/** Whatever waits has a place of its own, between head and tail, in its lane, and each lane in its band. */
export function checkLanes(tables: Tables): void {
  const standing = groupBy(
    tables.rows('queueEntry').filter(({ laneId }) => laneId !== 0n),
    ({ laneId }) => laneId,
  );
  const lanes = tables.rows('lane');
  hold(standing.size === lanes.length, `tasks stand in ${standing.size} lanes of ${lanes.length}`);
  for (const { id, head, tail, taskCount } of lanes) {
    const places = (standing.get(id) ?? []).map(({ place }) => place);
    hold(places.length === taskCount, `lane ${id} counts ${taskCount} of ${places.length} tasks`);
    checkPlaces(`lane ${id}`, places, head, tail);
  }
  const bands = tables.rows('band');
  const counted = bands.reduce((sum, { laneCount }) => sum + laneCount, 0);
  hold(counted === lanes.length, `bands count ${counted} of ${lanes.length} lanes`);
  for (const { id, head, tail, laneCount } of bands) {
    const own = lanes.filter(({ bandId }) => bandId === id);
    hold(own.length === laneCount && laneCount > 0, `band ${id} counts ${laneCount} of ${own.length} lanes`);
    const places = own.map(({ place }) => place).filter((place) => place !== 0n);
    checkPlaces(`band ${id}`, places, head, tail);
  }
}

function checkPlaces(where: string, places: readonly bigint[], head: bigint, tail: bigint): void {
  const isInside = places.every((place) => place >= head && place < tail);
  hold(isInside && new Set(places).size === places.length, `${where} has the places ${places} in ${head} to ${tail}`);
}

/** Whoever is offered or claimed holds a place of the key; a lane stands in line exactly while its key has one left. */
export function checkConcurrency(tables: Tables): void {
  const inputs = byTask(tables.rows('taskInput'));
  const keyOf = (taskId: bigint) => {
    const row = inputs.get(taskId);
    return row && row.terms.concurrencyKey !== '' ? `${row.tenantId}/${row.terms.concurrencyKey}` : '';
  };
  const active = [...tables.rows('offer'), ...tables.rows('lease')].map(({ taskId }) => taskId);
  const expected = groupBy(
    active.filter((taskId) => keyOf(taskId) !== ''),
    keyOf,
  );
  const held = new Map(tables.rows('concurrency').map(({ key, holders }) => [key, holders]));
  hold(written(held) === written(expected), () => `the keys are held by ${written(held)}, not ${written(expected)}`);
  for (const [key, holders] of held) {
    const isWithin = holders.every((id) => holders.length <= (inputs.get(id)?.terms.concurrencyMax ?? 0));
    hold(isWithin, `too many hold ${key}: ${holders}`);
  }
  const entries = groupBy(tables.rows('queueEntry'), ({ laneId }) => laneId);
  for (const lane of tables.rows('lane')) {
    const [first] = [...(entries.get(lane.id) ?? [])].sort((a, b) => (a.place < b.place ? -1 : 1));
    const max = inputs.get(first?.taskId ?? 0n)?.terms.concurrencyMax ?? 0;
    const hasPlace = lane.concurrency === '' || (held.get(lane.concurrency)?.length ?? 0) < max;
    hold((lane.place !== 0n) === hasPlace, `lane ${lane.id} has the place ${lane.place}; its key has one: ${hasPlace}`);
  }
}

function written(held: ReadonlyMap<string, readonly bigint[]>): string {
  return [...held]
    .map(([key, ids]) => `${key}: ${[...ids].sort()}`)
    .sort()
    .join('; ');
}
