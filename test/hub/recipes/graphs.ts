// Random recipes, and what a naive interpreter says of them.

/** A step of a random recipe. */
export interface Dish {
  readonly id: string;
  readonly kind: 'skill' | 'output' | 'wait' | 'if' | 'parallel' | 'map' | 'loop' | 'recipe';
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
const ownBlocks = ['if', 'parallel', 'map', 'loop'] as const;

/** Grows a recipe from numbers; when they are used up what is left is simple. `hasRecipes`: steps may run recipes of their own. */
export function grow(numbers: readonly number[], hasRecipes = false): Dish[] {
  let used = 0;
  let steps = 0;
  const draw = (below: number) => (numbers[used++] ?? 0) % below;
  const block = (depth: number, mayRun: boolean): Dish[] => {
    const dishes: Dish[] = [];
    for (let left = (depth === 1 ? 3 : 1) + draw(3); left > 0 && (dishes.length === 0 || steps < stepsMax); left--)
      dishes.push(dish(depth, mayRun));
    return dishes;
  };
  const dish = (depth: number, mayRun: boolean): Dish => {
    steps += 1;
    const id = `s${steps}`;
    const simple = ['output', 'skill', 'skill', 'skill', 'skill', 'wait'] as const;
    const nested = mayRun ? (['if', 'parallel', 'map', 'loop', 'recipe', 'recipe'] as const) : ownBlocks;
    const kinds = depth < depthMax && steps < stepsMax ? [...simple, ...nested] : simple;
    const kind = kinds[draw(kinds.length)] ?? 'output';
    const fails = kind === 'skill' && draw(6) === 1;
    const catches = (['no', 'no', 'continue', 'steps'] as const)[draw(depth < depthMax ? 4 : 3)] ?? 'no';
    const count = kind === 'map' ? draw(4) : kind === 'loop' ? 1 + draw(3) : draw(2);
    const branches = { if: 2, parallel: 1 + draw(3), map: 1, loop: 1, recipe: 1, skill: 0, output: 0, wait: 0 }[kind];
    const inner = kind === 'skill' && catches === 'steps' ? 1 : branches;
    const blocks = Array.from({ length: inner }, () => block(depth + 1, mayRun && kind !== 'recipe'));
    return { id, kind, fails, catches, isUndoable: draw(2) === 1, count, blocks };
  };
  return block(1, hasRecipes);
}

/** The recipe as somebody would write it, in JSON, after those that its steps run. */
export function written(dishes: readonly Dish[], name = 'dish'): string[] {
  return [...dishes.flatMap(innerOf), JSON.stringify({ name, steps: dishes.map(stepOf) })];
}

function innerOf({ id, kind, blocks }: Dish): string[] {
  return kind === 'recipe' ? written(blocks[0] ?? [], `dish-${id}`) : blocks.flat().flatMap(innerOf);
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
    case 'recipe':
      return { id, recipe: `dish-${id}` };
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
    case 'recipe':
      return through(first, `${path}.`, expected);
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
