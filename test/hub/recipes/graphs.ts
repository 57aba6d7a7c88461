// Random recipes, and what a naive interpreter says of them.

/** A step of a random recipe. */
export interface Dish {
  readonly id: string;
  readonly kind: 'skill' | 'output' | 'wait' | 'if' | 'parallel' | 'map' | 'loop';
  /** Of a skill: its task fails for good, and what becomes of that. */
  readonly fails: boolean;
  readonly catches: 'no' | 'continue' | 'steps';
  readonly isUndoable: boolean;
  /** Items, rounds; of an if: whether it holds. */
  readonly count: number;
  readonly blocks: readonly (readonly Dish[])[];
}

const stepsMax = 14;
const depthMax = 3;

/** Grows a recipe from numbers; when they are used up what is left is simple. */
export function grow(numbers: readonly number[]): Dish[] {
  let used = 0;
  let steps = 0;
  const draw = (below: number) => (numbers[used++] ?? 0) % below;
  const block = (depth: number): Dish[] => {
    const dishes: Dish[] = [];
    for (let left = (depth === 1 ? 3 : 1) + draw(3); left > 0 && (dishes.length === 0 || steps < stepsMax); left--)
      dishes.push(dish(depth));
    return dishes;
  };
  const dish = (depth: number): Dish => {
    steps += 1;
    const id = `s${steps}`;
    const kinds = ['output', 'skill', 'skill', 'skill', 'skill', 'wait', 'if', 'parallel', 'map', 'loop'] as const;
    const kind = kinds[draw(depth < depthMax && steps < stepsMax ? 10 : 6)] ?? 'output';
    const fails = kind === 'skill' && draw(6) === 1;
    const catches = (['no', 'no', 'continue', 'steps'] as const)[draw(depth < depthMax ? 4 : 3)] ?? 'no';
    const count = kind === 'map' ? draw(4) : kind === 'loop' ? 1 + draw(3) : draw(2);
    const branches = { if: 2, parallel: 1 + draw(3), map: 1, loop: 1, skill: 0, output: 0, wait: 0 }[kind];
    const inner = kind === 'skill' && catches === 'steps' ? 1 : branches;
    const blocks = Array.from({ length: inner }, () => block(depth + 1));
    return { id, kind, fails, catches, isUndoable: draw(2) === 1, count, blocks };
  };
  return block(1);
}

/** The recipe as somebody would write it, in JSON. */
export function written(dishes: readonly Dish[]): string {
  return JSON.stringify({ name: 'dish', steps: dishes.map(stepOf) });
}

function stepOf({ id, kind, catches, isUndoable, count, blocks, fails }: Dish): object {
  const [first = [], second = []] = blocks.map((block) => block.map(stepOf));
  switch (kind) {
    case 'skill':
      return {
        ...{ id, skill: 'reason', input: { fails, isMendable: catches === 'no' } },
        ...(catches === 'no' ? {} : { onFailure: catches === 'continue' ? 'continue' : first }),
        ...(isUndoable ? { compensate: { skill: 'reason', input: { fails: false } } } : {}),
      };
    case 'output':
      return { id, output: id };
    case 'wait':
      return { id, wait: '3s' };
    case 'if':
      // biome-ignore lint/suspicious/noThenProperty: the word of the language.
      return { id, if: { 'run.version': { [count === 1 ? 'gte' : 'lt']: 1 } }, then: first, else: second };
    case 'parallel':
      return { id, parallel: blocks.map((block) => block.map(stepOf)) };
    case 'map':
      return { id, map: count, limit: 2, steps: first };
    case 'loop':
      return { id, loop: count, steps: first };
  }
}

/** Whether the steps that nobody catches have stopped to fail. */
export interface Kitchen {
  readonly isMended: boolean;
}

export interface Expected extends Kitchen {
  isDone: boolean;
  /** The paths of the tasks that succeed, if nothing is cut off. */
  readonly effects: Set<string>;
  /** Of these, those that can be undone. */
  readonly undoable: Set<string>;
}

/** Goes through a recipe as simply as can be: one step after the other, to the first failure that nobody catches. */
export function interpret(dishes: readonly Dish[], kitchen: Kitchen = { isMended: false }): Expected {
  const expected: Expected = { ...kitchen, isDone: true, effects: new Set(), undoable: new Set() };
  expected.isDone = through(dishes, '', expected);
  return expected;
}

/** @returns whether all went well */
function through(dishes: readonly Dish[], prefix: string, expected: Expected): boolean {
  return dishes.every((dish) => one(dish, `${prefix}${dish.id}`, expected));
}

function one({ kind, fails, catches, isUndoable, count, blocks }: Dish, path: string, expected: Expected): boolean {
  const [first = [], second = []] = blocks;
  switch (kind) {
    case 'skill':
      if (fails && !(expected.isMended && catches === 'no')) {
        return catches === 'continue' || (catches === 'steps' && through(first, `${path}.`, expected));
      }
      expected.effects.add(path);
      if (isUndoable) expected.undoable.add(path);
      return true;
    case 'if':
      return through(count === 1 ? first : second, `${path}.`, expected);
    case 'parallel':
      // All of them, also when one fails: what one branch does may happen before another one fails.
      return blocks.map((block, index) => through(block, `${path}[${index}].`, expected)).every(Boolean);
    case 'map':
      return Array.from({ length: count }, (_, index) => through(first, `${path}[${index}].`, expected)).every(Boolean);
    case 'loop':
      for (let round = 0; round < count; round++) if (!through(first, `${path}[${round}].`, expected)) return false;
      return true;
    default:
      return true;
  }
}
