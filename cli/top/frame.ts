import pc from 'picocolors';
import type { Limb, Task } from '../../bindings/types.ts';
import { stateColours } from '../lib/task-table.ts';
import { oneLine } from '../lib/terminal.ts';
import { cellsOf, fill, shortDuration } from './cells.ts';
import { taskPage } from './task-page.ts';
import { tasksOf, type View } from './view.ts';
import { isFinished, ms, type World, workedMs } from './world.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** From here on there is room for the columns that say more. */
const wideColumns = 110;

/** How many lines of tasks, or of an open task, one page has. */
export function pageRows(world: World, view: View, size: Size): number {
  const above = view.opened === undefined ? 4 + limbRows(world, size).length + 1 : 3;
  return Math.max(1, size.rows - above - 1);
}

/** The board as lines, as many as there are rows, none longer than there are columns. */
export function frame(world: World, view: View, size: Size): string[] {
  const body = view.hasHelp ? helpLines(size) : bodyOf(world, view, size);
  const lines = [headLine(world, size), ...body].slice(0, size.rows - 1);
  while (lines.length < size.rows - 1) lines.push('');
  return [...lines, footLine(view, size)];
}

function bodyOf(world: World, view: View, size: Size): string[] {
  if (view.opened !== undefined) return openTask(world, view, view.opened, size);
  return [countLine(world, size), '', ...limbRows(world, size), '', ...taskRows(world, view, size)];
}

function headLine({ tenant, url, link, nowMs }: World, { columns }: Size): string {
  const time = new Date(nowMs).toTimeString().slice(0, 8);
  const state =
    link.kind === 'live'
      ? 'live'
      : `hub away for ${shortDuration(nowMs - link.sinceMs)}, next try in ${Math.max(0, Math.ceil((link.nextAtMs - nowMs) / 1000))} s`;
  const right = `${state}  ${time}`;
  const left = fill(`Helix  ${oneLine(tenant)}  ${url}`, Math.max(0, columns - cellsOf(right) - 2));
  const shown = link.kind === 'live' ? pc.green(state) : pc.yellow(state);
  return columns < cellsOf(right) + 8 ? fill(right, columns) : `${pc.bold(left)}  ${shown}  ${time}`;
}

function countLine({ tasks, limbs }: World, { columns }: Size): string {
  const count = (...tags: readonly Task['state']['tag'][]): number =>
    tasks.reduce((sum, { state }) => sum + (tags.includes(state.tag) ? 1 : 0), 0);
  const online = limbs.filter((limb) => limb.online);
  const slots = online.reduce((sum, { capacity }) => sum + capacity, 0);
  const busy = count('Claimed', 'Running');
  const parts = [
    `${count('Queued')} waiting`,
    `${busy} under way`,
    `${count('Done')} done`,
    `${count('Failed', 'Dead')} failed`,
    `limbs ${online.length}/${limbs.length} online`,
    `slots ${busy}/${slots} busy`,
  ];
  return fill(parts.join(' · '), columns);
}

function limbRows({ limbs, tasks }: World, { columns, rows }: Size): string[] {
  if (limbs.length === 0) return [fill('No limb yet: `helix limb invite` makes a code for one', columns)];
  const sorted = [...limbs].sort((a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name));
  const shown = sorted.slice(0, Math.max(2, Math.floor(rows / 5)));
  const head = pc.dim(limbLine(['limb', 'state', 'slots', 'skills', 'works on'], columns));
  const more = limbs.length - shown.length;
  return [
    head,
    ...shown.map((limb) => limbRow(limb, tasks, columns)),
    ...(more > 0 ? [pc.dim(fill(`and ${more} more`, columns))] : []),
  ];
}

function limbRow(limb: Limb, tasks: readonly Task[], columns: number): string {
  const held = tasks.filter((task) => !isFinished(task) && task.limb?.isEqual(limb.identity));
  const state = !limb.online ? 'offline' : limb.isDraining ? 'draining' : 'online';
  const works = held.map(({ id, title }) => `${id} ${title}`).join(', ');
  const line = limbLine([limb.name, state, `${held.length}/${limb.capacity}`, limb.skills.join(' '), works], columns);
  if (!limb.online) return pc.dim(line);
  return limb.isDraining ? pc.yellow(line) : line;
}

function limbLine(cells: readonly string[], columns: number): string {
  const widths = columns < wideColumns ? [12, 8, 5, 16] : [20, 8, 5, 36];
  return row(cells, widths, columns);
}

function taskRows(world: World, view: View, size: Size): string[] {
  const tasks = tasksOf(world, view);
  const isWide = size.columns >= wideColumns;
  const names = isWide
    ? ['task', 'state', 'skill', 'limb', 'took', 'age', 'title']
    : ['task', 'state', 'limb', 'took', 'title'];
  const head = pc.dim(`  ${taskLine(names, size.columns - 2)}`);
  if (tasks.length === 0) {
    const isEmpty = world.tasks.length === 0;
    const hint = isEmpty ? 'No tasks yet: try `helix ask "What is a limb?"`' : 'No task fits: Esc shows all';
    return [head, fill(`  ${hint}`, size.columns)];
  }
  const page = pageRows(world, view, size);
  const at = Math.max(
    0,
    tasks.findIndex(({ id }) => id === view.selected),
  );
  const from = Math.max(0, Math.min(at - Math.floor(page / 2), tasks.length - page));
  const limbs = new Map(world.limbs.map(({ identity, name }) => [identity.toHexString(), name]));
  const line = (task: Task, index: number): string => {
    const limb = (task.limb && limbs.get(task.limb.toHexString())) ?? '';
    const worked = workedMs(task, world.nowMs);
    const took = worked === undefined ? '' : shortDuration(worked);
    const state = task.state.tag.toLowerCase();
    const title = task.error === '' ? task.title : `${task.title} — ${task.error}`;
    const age = shortDuration(world.nowMs - ms(task.submittedAt));
    const cells = isWide
      ? [`${task.id}`, state, task.skill, limb, took, age, title]
      : [`${task.id}`, state, limb, took, title];
    const text = taskLine(cells, size.columns - 2);
    if (from + index === at) return pc.inverse(`> ${text}`);
    // The state is the only cell with its word at that place.
    const place = text.indexOf(state, 1);
    const coloured = stateColours[task.state.tag](state);
    return `  ${text.slice(0, place)}${coloured}${text.slice(place + state.length)}`;
  };
  return [head, ...tasks.slice(from, from + page).map(line)];
}

function taskLine(cells: readonly string[], columns: number): string {
  return row(cells, cells.length === 7 ? [7, 9, 12, 16, 6, 6] : [6, 9, 12, 6], columns);
}

/** Cells side by side; the last one has what room is left. */
function row(cells: readonly string[], widths: readonly number[], columns: number): string {
  const fixed = widths.map((width, at) => fill(oneLine(cells[at] ?? ''), width)).join('  ');
  return fill(`${fixed}  ${oneLine(cells[widths.length] ?? '')}`, columns);
}

function openTask(world: World, view: View, id: bigint, size: Size): string[] {
  const task = world.tasks.find((candidate) => candidate.id === id);
  if (!task) return ['', fill(`Task ${id} is not kept any more.`, size.columns)];
  const lines = taskPage(task, world, size.columns);
  const room = pageRows(world, view, size);
  const from = Math.min(view.scrolled, Math.max(0, lines.length - room));
  const below = lines.length - from - room;
  const place = below > 0 ? `${below} more lines below` : '';
  return [pc.dim(fill(`Task ${id}  ${place}`, size.columns)), '', ...lines.slice(from, from + room)];
}

function footLine({ isTyping, words, sort, show, opened, hasHelp }: View, { columns }: Size): string {
  if (isTyping) return fill(`Words: ${words}▏ Enter keeps them, Esc shows all`, columns);
  if (hasHelp) return pc.dim(fill('any key goes back   q quits', columns));
  if (opened !== undefined) return pc.dim(fill('j k scroll   Esc back   ? help   q quit', columns));
  const only = words === '' ? '' : `   words: ${words}`;
  return pc.dim(fill(`/ words   f shows: ${show}   s sort: ${sort}   Enter opens   ? help   q quit${only}`, columns));
}

function helpLines({ columns }: Size): string[] {
  const keys = [
    ['j k, arrows', 'move, or scroll an open task'],
    ['Space, PgDn, PgUp', 'a page on or back'],
    ['g G, Home End', 'to the first, to the last'],
    ['Enter', 'open the task: why it waits, its attempts, progress and answer'],
    ['Esc', 'back; on the board: show all'],
    ['/', 'show only tasks with some words in number, state, skill, limb or title'],
    ['f', 'show all tasks, those that are open, or those that failed'],
    ['s', 'sort by newest, oldest, longest work, or state'],
    ['q, Ctrl-C', 'quit'],
  ];
  return ['', ...keys.map(([key = '', does = '']) => fill(`  ${key.padEnd(20)}${does}`, columns))];
}
