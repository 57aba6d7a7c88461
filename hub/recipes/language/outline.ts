import { didYouMean } from '../../conditions/hints.ts';
import { kindOf, type MapNode, type Position, type Problems, type SourceNode } from '../../conditions/source.ts';
import { limits } from '../../lib/limits.ts';
import { type ActionKey, actionKeys, stepKeys } from './keys.ts';

// The steps of a text, how they are nested and which waits for which, before anything that they say is read: what a step may
// speak of depends on it.

export interface Outline {
  readonly blocks: readonly OutlineBlock[];
  readonly steps: readonly OutlineStep[];
}

export interface OutlineBlock {
  /** The step that it is a part of; none for the run's own. */
  readonly owner: OutlineStep | undefined;
  readonly steps: readonly OutlineStep[];
}

export interface OutlineStep {
  readonly number: number;
  readonly block: number;
  readonly id: string;
  readonly idAt: Position;
  readonly key: ActionKey;
  readonly source: MapNode;
  readonly after: readonly OutlineStep[];
  /** All that have ended when it begins, in its own block. */
  readonly before: ReadonlySet<OutlineStep>;
  /** The blocks that it has, by where they are written: `then`, `steps`, `parallel 0`. */
  readonly blocks: ReadonlyMap<string, number>;
}

type Draft = { -readonly [K in keyof OutlineStep]: OutlineStep[K] } & { after: Draft[]; blocks: Map<string, number> };

const idPattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The outline of a list of steps; what is wrong with it is noted. */
export function readOutline(node: SourceNode, problems: Problems): Outline {
  const outliner = new Outliner(problems);
  outliner.block(node, undefined, 1);
  return { blocks: outliner.blocks, steps: outliner.steps };
}

class Outliner {
  readonly blocks: { owner: OutlineStep | undefined; steps: Draft[] }[] = [];
  readonly steps: Draft[] = [];
  readonly #ids = new Map<string, Position>();
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** @returns the number of the block */
  block(node: SourceNode, owner: OutlineStep | undefined, depth: number): number {
    const number = this.blocks.length;
    const steps: Draft[] = [];
    this.blocks.push({ owner, steps });
    if (node.kind !== 'list' || node.items.length === 0) {
      this.#problems.add(node.at, `expected a list of steps, found ${kindOf(node)}`, 'each begins with - id:');
      return number;
    }
    if (depth > limits.recipeDepthMax) {
      this.#problems.add(node.at, `steps are nested more than ${limits.recipeDepthMax} levels deep`);
      return number;
    }
    for (const item of node.items) {
      const step = this.#step(item, number);
      if (step) steps.push(step);
    }
    this.#order(steps);
    for (const step of steps) this.#inner(step, depth + 1);
    return number;
  }

  #step(source: SourceNode, block: number): Draft | undefined {
    if (source.kind !== 'map') {
      this.#problems.add(
        source.at,
        `expected a step, found ${kindOf(source)}`,
        'write - id: its_name and what it does',
      );
      return undefined;
    }
    const key = this.#key(source);
    const entry = source.entries.find(({ key: name }) => name === 'id');
    if (!entry) {
      this.#problems.add(source.at, 'a step needs the key id', 'a name of its own, such as id: summarise');
      return undefined;
    }
    const id = entry.value.kind === 'scalar' ? entry.value.value : undefined;
    const idAt = entry.value.at;
    if (typeof id !== 'string' || !idPattern.test(id) || id.length > limits.nameCharsMax) {
      const hint = 'letters, digits and _, a letter first';
      this.#problems.add(idAt, `expected the name of a step, found ${kindOf(entry.value)}`, hint);
      return undefined;
    }
    const known = this.#ids.get(id);
    if (known) {
      this.#problems.add(idAt, `two steps are named ${id}`, `the other one is in line ${known.line}`);
      return undefined;
    }
    if (!key) return undefined;
    this.#ids.set(id, idAt);
    const number = this.steps.length;
    if (number === limits.recipeStepsMax) {
      this.#problems.add(idAt, `the recipe has more than ${limits.recipeStepsMax} steps`);
    }
    if (number >= limits.recipeStepsMax) return undefined;
    const step: Draft = { number, block, id, idAt, key, source, after: [], before: new Set(), blocks: new Map() };
    this.steps.push(step);
    return step;
  }

  /** What the step does. */
  #key(source: MapNode): ActionKey | undefined {
    const found = source.entries.filter((entry) => (actionKeys as readonly string[]).includes(entry.key));
    const [first, second] = found;
    if (first && !second) return first.key as ActionKey;
    if (first && second) {
      const message = `a step does one thing: this one has ${first.key} and ${second.key}`;
      this.#problems.add(second.keyAt, message, 'make two steps of it');
      return undefined;
    }
    const strange = source.entries.find(({ key }) => !stepKeys.includes(key));
    const hint = strange ? didYouMean(strange.key, actionKeys) : '';
    const at = strange?.keyAt ?? source.at;
    this.#problems.add(at, `a step needs one of the keys ${actionKeys.join(', ')}`, hint);
    return undefined;
  }

  /** Who waits for whom: by `after`, or for the step before in the list. */
  #order(steps: readonly Draft[]): void {
    for (const [at, step] of steps.entries()) {
      const entry = step.source.entries.find(({ key }) => key === 'after');
      const previous = steps[at - 1];
      if (!entry) step.after = previous ? [previous] : [];
      else step.after = this.#after(entry.value, step, steps);
    }
    for (const step of steps) {
      const circle = circleFrom(step);
      if (circle) {
        const names = [...circle, step].map(({ id }) => id).join(' → ');
        const entry = step.source.entries.find(({ key }) => key === 'after');
        const hint = 'take one of them out of its after';
        this.#problems.add(entry?.value.at ?? step.idAt, `the steps wait for one another: ${names}`, hint);
        for (const one of steps) one.after = [];
        return;
      }
    }
    for (const step of steps) step.before = allBefore(step);
  }

  #after(node: SourceNode, step: Draft, steps: readonly Draft[]): Draft[] {
    const items = node.kind === 'list' ? node.items : [node];
    const found: Draft[] = [];
    for (const item of items) {
      const id = item.kind === 'scalar' ? item.value : undefined;
      const other = steps.find((one) => one.id === id);
      if (other === step) this.#problems.add(item.at, `the step ${step.id} waits for itself`, 'leave it out');
      else if (other && !found.includes(other)) found.push(other);
      else if (!other) {
        const known = steps.filter((one) => one !== step).map((one) => one.id);
        const message = `there is no step ${typeof id === 'string' ? id : kindOf(item)} beside ${step.id} to come after`;
        this.#problems.add(item.at, message, typeof id === 'string' ? didYouMean(id, known) : '');
      }
    }
    return found;
  }

  #inner(step: Draft, depth: number): void {
    const open = (name: string, node: SourceNode) => step.blocks.set(name, this.block(node, step, depth));
    for (const { key, value } of step.source.entries) {
      if (key === 'onFailure' && value.kind === 'list') open(key, value);
      else if (step.key === 'if' && (key === 'then' || key === 'else')) open(key, value);
      else if ((step.key === 'map' || step.key === 'loop') && key === 'steps') open(key, value);
      else if (step.key === 'parallel' && key === 'parallel' && value.kind === 'list') {
        for (const [index, branch] of value.items.entries()) open(`parallel ${index}`, branch);
      }
    }
  }
}

/** The steps on the way from a step, by what they wait for, back to it; none when there is no such way. */
function circleFrom(start: Draft): readonly Draft[] | undefined {
  const seen = new Set<Draft>();
  const way: Draft[] = [];
  const search = (step: Draft): boolean => {
    way.push(step);
    for (const earlier of step.after) {
      if (earlier === start) return true;
      if (seen.has(earlier)) continue;
      seen.add(earlier);
      if (search(earlier)) return true;
    }
    way.pop();
    return false;
  };
  return search(start) ? way : undefined;
}

function allBefore(step: Draft): ReadonlySet<OutlineStep> {
  const before = new Set<Draft>();
  const line = [...step.after];
  for (let next = line.pop(); next; next = line.pop()) {
    if (before.has(next)) continue;
    before.add(next);
    line.push(...next.after);
  }
  return before;
}
