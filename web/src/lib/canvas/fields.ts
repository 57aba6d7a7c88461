import type { StepKind } from './document.ts';

export interface FieldKey {
  readonly key: string;
  /** A text, whatever it looks like; otherwise it is written as YAML. */
  readonly isPlain: boolean;
}

/** One thing that a step, or a recipe, says. */
export interface Field extends FieldKey {
  readonly rows: number;
  /** All that it may say, what is meant when it says nothing first; any text without them. */
  readonly choices?: readonly string[];
}

const line = (key: string): Field => ({ key, isPlain: false, rows: 1 });
const words = (key: string, rows = 1): Field => ({ key, isPlain: true, rows });
const block = (key: string, rows = 3): Field => ({ key, isPlain: false, rows });

const own: Readonly<Record<StepKind, readonly Field[]>> = {
  skill: [
    words('skill'),
    block('input', 4),
    words('title'),
    block('check', 2),
    line('tries'),
    line('attempts'),
    line('labels'),
    line('priority'),
    block('compensate', 3),
  ],
  if: [block('if')],
  parallel: [],
  map: [block('map', 2), line('limit')],
  loop: [line('loop'), block('until', 2)],
  wait: [block('wait', 2)],
  approve: [
    words('approve', 3),
    { ...line('role'), choices: ['operator', 'owner'] },
    block('inputs'),
    block('compensate', 3),
  ],
  recipe: [words('recipe'), block('input'), block('compensate', 3)],
  output: [block('output')],
};

/** The fields of a kind of step, what it does first. What is inside of it is changed on the canvas or in the text. */
export function fieldsOf(kind: StepKind | undefined): readonly Field[] {
  const common = [words('about'), block('when', 2), line('timeout'), line('after')];
  return kind === undefined ? common : [...own[kind], ...common];
}

/** What a recipe says besides its steps. */
export const recipeFields: readonly Field[] = [words('name'), words('description', 2), block('inputs', 4)];
