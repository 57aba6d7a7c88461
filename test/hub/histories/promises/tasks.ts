import { isFinished } from '../../../../hub/lib/states.ts';
import { hold } from '../hold.ts';
import type { World } from '../world.ts';
import { byTask, groupBy, type Row, type Tables } from './tables.ts';

/** A task has just the rows beside it that its state asks for. */
export function checkTasks(tables: Tables): void {
  const entries = byTask(tables.rows('queueEntry'));
  const offers = byTask(tables.rows('offer'));
  const leases = byTask(tables.rows('lease'));
  const summaries = byTask(tables.rows('summary'));
  const dead = byTask(tables.rows('deadLetter'));
  const timers = groupBy(tables.rows('timer'), ({ taskId }) => taskId);
  const attempts = groupBy(tables.rows('attempt'), ({ taskId }) => taskId);
  for (const task of tables.rows('task')) {
    const { id, state, attempt } = task;
    const [entry, offer, lease] = [entries.get(id), offers.get(id), leases.get(id)];
    const isLeased = state.tag === 'Claimed' || state.tag === 'Running';
    const about = `task ${id}, ${state.tag}`;
    hold((entry !== undefined) === (state.tag === 'Queued'), `${about}: its queue entry`);
    hold((lease !== undefined) === isLeased, `${about}: its lease`);
    hold(summaries.has(id) === (state.tag === 'Done'), `${about}: its summary`);
    hold(dead.has(id) === (state.tag === 'Dead'), `${about}: its dead letter`);
    if (entry) checkEntry(entry, offer, timers.get(id) ?? []);
    else hold(offer === undefined, `${about}: it is offered`);
    if (lease)
      hold(lease.attempt === attempt && task.limb?.isEqual(lease.limb) === true, `${about}: whose lease it is`);
    hold((task.finishedAt !== undefined) === isFinished(state.tag), `${about}: when it was finished`);
    if (isFinished(state.tag)) hold(!timers.has(id), `${about}: it has a timer`);
    else hold(task.failures < task.attemptsMax, `${about}: ${task.failures} failures of ${task.attemptsMax}`);
    checkAttempts(about, attempt, isLeased, attempts.get(id) ?? []);
  }
  const known = new Set(tables.rows('task').map(({ id }) => id));
  for (const id of [...entries.keys(), ...offers.keys(), ...leases.keys()])
    hold(known.has(id), `there is no task ${id}`);
}

/** It stands in a lane, waits for its time or a budget, or is offered: one of the four. */
function checkEntry(entry: Row<'queueEntry'>, offer: Row<'offer'> | undefined, timers: readonly Row<'timer'>[]): void {
  const isParked = entry.budgetId !== 0n;
  const places = [entry.laneId !== 0n, entry.waitsUntil !== undefined, isParked, offer !== undefined];
  hold(places.filter(Boolean).length === 1, `task ${entry.taskId} waits in ${places} of its four places`);
  hold((entry.shortage !== '') === isParked, `task ${entry.taskId} says that it is short of "${entry.shortage}"`);
  const ready = timers.filter(({ kind }) => kind.tag === 'Ready').length;
  if (!isParked) hold(ready === (entry.waitsUntil ? 1 : 0), `task ${entry.taskId} is woken ${ready} times`);
}

function checkAttempts(about: string, last: number, isLeased: boolean, own: readonly Row<'attempt'>[]): void {
  const numbers = own.map(({ number }) => number).sort((a, b) => a - b);
  hold(numbers.length === last && numbers.every((n, i) => n === i + 1), `${about}: attempts ${numbers} of ${last}`);
  const open = own.filter(({ outcome }) => outcome.tag === 'Open').map(({ number }) => number);
  hold(open.length === (isLeased ? 1 : 0) && (open[0] ?? last) === last, `${about}: the open attempts are ${open}`);
}

/** At most one completion of a task is accepted; it is what the task shows for good, and the attempt ended well. */
export function checkCompletions(tables: Tables, { completions, twice }: World): void {
  hold(twice.length === 0, `the tasks ${twice} were completed twice`);
  const summaries = byTask(tables.rows('summary'));
  const ended = groupBy(tables.rows('attempt'), ({ taskId }) => taskId);
  for (const { id, state } of tables.rows('task')) {
    const attempt = completions.get(id);
    hold((attempt !== undefined) === (state.tag === 'Done'), `task ${id} is ${state.tag}; completed by ${attempt}`);
    if (attempt === undefined) continue;
    hold(summaries.get(id)?.attempt === attempt, `the summary of task ${id} is not of attempt ${attempt}`);
    for (const { number, outcome, error } of ended.get(id) ?? []) {
      const isGood = outcome.tag === 'Done' && error === '';
      hold(isGood === (number === attempt), `attempt ${number} of task ${id} is ${outcome.tag} "${error}"`);
    }
  }
}
