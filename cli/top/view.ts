import type { Task } from '../../bindings/types.ts';
import { isFinished, type World, workedMs } from './world.ts';

const sorts = ['newest', 'oldest', 'longest', 'state'] as const;
const shows = ['all', 'open', 'failed'] as const;

/** What somebody looks at, and how. */
export interface View {
  readonly sort: (typeof sorts)[number];
  /** `open`: what waits or is under way; `failed`: also what was given up. */
  readonly show: (typeof shows)[number];
  /** Only tasks that have all of these words in number, state, skill, limb or title. */
  readonly words: string;
  /** Whether words are being typed. */
  readonly isTyping: boolean;
  readonly selected: bigint | undefined;
  /** The task whose whole is shown. */
  readonly opened: bigint | undefined;
  /** How many lines of it are scrolled past. */
  readonly scrolled: number;
  readonly hasHelp: boolean;
}

export const firstView: View = {
  sort: 'newest',
  show: 'all',
  words: '',
  isTyping: false,
  selected: undefined,
  opened: undefined,
  scrolled: 0,
  hasHelp: false,
};

export interface Key {
  /** Such as `down`, `return` or `q`; `interrupt` for Ctrl-C. */
  readonly name: string;
  /** What it types; empty for none. */
  readonly text: string;
}

/** The tasks that are shown, in their order. */
export function tasksOf({ tasks, limbs, nowMs }: World, { sort, show, words }: View): Task[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const names = new Map(limbs.map(({ identity, name }) => [identity.toHexString(), name]));
  const has = (task: Task): boolean => {
    const limb = (task.limb && names.get(task.limb.toHexString())) ?? '';
    const text = `${task.id} ${task.state.tag} ${task.skill} ${limb} ${task.title}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  const shown = tasks.filter((task) => {
    if (show === 'open' && isFinished(task)) return false;
    if (show === 'failed' && task.state.tag !== 'Failed' && task.state.tag !== 'Dead') return false;
    return wanted.length === 0 || has(task);
  });
  const newest = (a: Task, b: Task): number => (a.id < b.id ? 1 : -1);
  const orders: Record<View['sort'], (a: Task, b: Task) => number> = {
    newest,
    oldest: (a, b) => -newest(a, b),
    longest: (a, b) => (workedMs(b, nowMs) ?? -1) - (workedMs(a, nowMs) ?? -1) || newest(a, b),
    state: (a, b) => places.indexOf(a.state.tag) - places.indexOf(b.state.tag) || newest(a, b),
  };
  return shown.sort(orders[sort]);
}

/** What somebody can do something about comes first. */
const places: readonly Task['state']['tag'][] = ['Running', 'Claimed', 'Queued', 'Dead', 'Failed', 'Done', 'Cancelled'];

/** What is looked at after a key; `page` is how many lines one page has. */
export function press(view: View, key: Key, world: World, page: number): View | 'quit' {
  if (key.name === 'interrupt') return 'quit';
  if (view.isTyping) return type(view, key);
  if (view.hasHelp) return key.name === 'q' ? 'quit' : { ...view, hasHelp: false };
  if (key.name === 'q') return 'quit';
  if (key.text === '?') return { ...view, hasHelp: true };
  return view.opened === undefined ? pressOnBoard(view, key, world, page) : pressOnTask(view, key, page);
}

function type(view: View, { name, text }: Key): View {
  if (name === 'return' || name === 'enter') return { ...view, isTyping: false };
  if (name === 'escape') return { ...view, isTyping: false, words: '' };
  if (name === 'backspace') return { ...view, words: [...view.words].slice(0, -1).join('') };
  return { ...view, words: view.words + text };
}

function pressOnTask(view: View, { name, text }: Key, page: number): View {
  if (['escape', 'left', 'h', 'backspace', 'return', 'enter'].includes(name)) {
    return { ...view, opened: undefined, scrolled: 0 };
  }
  const moved = stepOf(name, text, page);
  return moved === undefined ? view : { ...view, scrolled: Math.max(0, view.scrolled + moved) };
}

function pressOnBoard(view: View, { name, text }: Key, world: World, page: number): View {
  if (text === '/') return { ...view, isTyping: true };
  if (text === 's') return { ...view, sort: next(sorts, view.sort) };
  if (text === 'f') return { ...view, show: next(shows, view.show) };
  if (name === 'escape') return { ...view, words: '', show: 'all' };
  const tasks = tasksOf(world, view);
  const at = Math.max(
    0,
    tasks.findIndex(({ id }) => id === view.selected),
  );
  if (['return', 'enter', 'right', 'l'].includes(name)) {
    const opened = tasks[at]?.id;
    return { ...view, selected: opened, opened, scrolled: 0 };
  }
  const moved = stepOf(name, text, page);
  if (moved === undefined) return view;
  const to = Math.min(Math.max(at + moved, 0), tasks.length - 1);
  return { ...view, selected: tasks[to]?.id };
}

function stepOf(name: string, text: string, page: number): number | undefined {
  if (text === 'G' || name === 'end') return Number.MAX_SAFE_INTEGER;
  if (text === 'g' || name === 'home') return -Number.MAX_SAFE_INTEGER;
  if (text === 'j' || name === 'down') return 1;
  if (text === 'k' || name === 'up') return -1;
  if (text === ' ' || name === 'pagedown') return page;
  return name === 'pageup' ? -page : undefined;
}

function next<T>(choices: readonly T[], current: T): T {
  return choices[(choices.indexOf(current) + 1) % choices.length] ?? current;
}
