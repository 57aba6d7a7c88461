import { texts } from '../texts.ts';
import type { StepKind } from './document.ts';

const baseIds: Readonly<Record<StepKind, string>> = {
  skill: 'work',
  if: 'choose',
  parallel: 'both',
  map: 'each',
  loop: 'repeat',
  wait: 'wait',
  approve: 'ask',
  recipe: 'inner',
  output: 'output',
};

/** A name for a new step that no other has. */
export function freeId(taken: ReadonlySet<string>, kind: StepKind): string {
  const base = baseIds[kind];
  let id = base;
  for (let number = 2; taken.has(id); number += 1) id = `${base}_${number}`;
  return id;
}

/** A step that can be saved as it is, apart from the recipe that it runs. */
export function newStep(kind: StepKind, id: string): Record<string, unknown> {
  const inner = (name: string, output: unknown) => ({ id: `${id}_${name}`, output });
  switch (kind) {
    case 'skill':
      return { id, skill: 'reason', input: { question: texts.canvas.firstQuestion } };
    case 'if':
      // biome-ignore lint/suspicious/noThenProperty: the word of the language.
      return { id, if: { 'trigger.kind': 'manual' }, then: [inner('yes', true)], else: [inner('no', false)] };
    case 'parallel':
      return { id, parallel: [[inner('a', 1)], [inner('b', 2)]] };
    case 'map':
      return { id, map: 3, steps: [inner('item', '{{item}}')] };
    case 'loop':
      return { id, loop: 3, steps: [inner('round', '{{round}}')] };
    case 'wait':
      return { id, wait: '10s' };
    case 'approve':
      return { id, approve: texts.canvas.firstPrompt };
    case 'recipe':
      return { id, recipe: texts.canvas.firstRecipe };
    case 'output':
      return { id, output: texts.canvas.firstOutput };
  }
}
