import type { Condition } from '../../conditions/condition.ts';
import { conditionShape } from '../../conditions/read-condition.ts';
import type { Scope } from '../../conditions/scope.ts';
import {
  boolean,
  byKind,
  duration,
  expected,
  integer,
  list,
  listOrOne,
  named,
  object,
  oneOf,
  optional,
  record,
  required,
  type Shape,
  text,
} from '../../conditions/shape.ts';
import { type Json, plainOf } from '../../conditions/source.ts';
import { type Template, templateShape, textTemplateShape } from '../../conditions/template.ts';
import { limits } from '../../lib/limits.ts';
import { fits, wanted } from '../asks.ts';
import { type Ask, type AskType, askTypes } from '../plan.ts';
import type { ActionKey } from './keys.ts';

// How the parts of a recipe are written. One source for what is read and for the published schema.

export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const nameWords = 'a name of letters, digits and . _ -, a letter or digit first';
const name = text({ charsMax: limits.nameCharsMax, pattern: { matches: namePattern, words: nameWords } });
const about = text({ charsMax: 1000 });
const yearMs = limits.aheadMsMax;

/** Nested steps are read by way of the outline; here they only describe themselves. */
const steps: Shape<true> = {
  read: () => true,
  schema: (definitions) => ({ type: 'array', minItems: 1, items: step.schema(definitions) }),
};

/** Any step, for the schema. */
const step: Shape<unknown> = named('step', () => ({
  read: () => true,
  schema: (definitions) => {
    const shapes = stepShapes({ scope: nowhere, check: nowhere, until: nowhere, event: nowhere, undo: nowhere });
    return { anyOf: Object.values(shapes).map((shape) => shape.schema(definitions)) };
  },
}));

const nowhere: Scope = { roots: [] };

interface AskWords {
  readonly type: AskType;
  readonly about: string | undefined;
  readonly required: boolean | undefined;
  readonly default: Json | undefined;
  readonly choices: readonly string[] | undefined;
}

const askWords = byKind({
  scalar: oneOf(askTypes),
  map: object<AskWords>('an input', {
    type: required(oneOf(askTypes), 'What kind of value it is.'),
    about: optional(about, 'What it is for, for whoever is asked.'),
    required: optional(
      boolean(),
      'Whether it has to be given; it has to when nothing is said and there is no default.',
    ),
    default: optional({ read: (node) => plainOf(node), schema: () => ({}) }, 'What it is when it is not given.'),
    choices: optional(list(text({ charsMax: 200 }), { min: 1, max: 100 }), 'The texts that are allowed.'),
  }),
});

const asksByName = record(askWords, limits.asksMax);

/** Inputs that are asked for. */
export const asks: Shape<readonly Ask[]> = {
  read(node, problems) {
    const read = asksByName.read(node, problems);
    if (!read || node.kind !== 'map') return undefined;
    const found: Ask[] = [];
    for (const [key, words] of read) {
      const entry = node.entries.find((one) => one.key === key);
      if (entry && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
        problems.add(entry.keyAt, `${key} is not a name of an input`, 'letters, digits and _, a letter first');
        return undefined;
      }
      const ask = askOf(key, words);
      if (entry && ask.preset !== '' && !fits(ask, JSON.parse(ask.preset) as Json)) {
        return expected(entry.value, problems, `a default that is ${wanted(ask)}`);
      }
      found.push(ask);
    }
    return found;
  },
  schema: (definitions) => asksByName.schema(definitions),
};

function askOf(key: string, words: AskType | AskWords): Ask {
  if (typeof words === 'string') {
    return { name: key, type: words, about: '', isRequired: true, preset: '', choices: [] };
  }
  const preset = words.default === undefined ? '' : JSON.stringify(words.default);
  const isRequired = words.required ?? preset === '';
  return { name: key, type: words.type, about: words.about ?? '', isRequired, preset, choices: words.choices ?? [] };
}

export interface RecipeWords {
  readonly name: string;
  readonly description: string | undefined;
  readonly inputs: readonly Ask[] | undefined;
  readonly steps: true;
}

export const recipe = object<RecipeWords>('a recipe', {
  name: required(name, 'What it is started by; unique in its tenant.'),
  description: optional(about, 'What it is for.'),
  inputs: optional(asks, 'What a run is given, as {{inputs.…}}; without it a run takes anything.'),
  steps: required(steps, 'What is done. A step begins when those after which it comes have ended.'),
});

interface CommonWords {
  readonly id: string;
  readonly about: string | undefined;
  readonly after: true | undefined;
  readonly when: Condition | undefined;
  readonly timeout: number | undefined;
  readonly onFailure: 'continue' | true | undefined;
}

export interface WorkWords {
  readonly skill: string;
  readonly input: Template | undefined;
  readonly title: Template | undefined;
  readonly labels: readonly string[] | undefined;
  readonly priority: number | undefined;
  readonly attempts: number | undefined;
}

export interface StepWords {
  readonly skill: CommonWords &
    WorkWords & {
      readonly check: Condition | undefined;
      readonly tries: number | undefined;
      readonly compensate: WorkWords | undefined;
    };
  readonly if: CommonWords & { readonly if: Condition; readonly then: true; readonly else: true | undefined };
  readonly parallel: CommonWords & { readonly parallel: true };
  readonly map: CommonWords & { readonly map: Template; readonly limit: number | undefined; readonly steps: true };
  readonly loop: CommonWords & { readonly loop: number; readonly until: Condition | undefined; readonly steps: true };
  readonly wait: CommonWords & { readonly wait: number | WaitWords };
  readonly approve: CommonWords & {
    readonly approve: Template;
    readonly role: 'operator' | 'owner' | undefined;
    readonly inputs: readonly Ask[] | undefined;
    readonly compensate: WorkWords | undefined;
  };
  readonly recipe: CommonWords & {
    readonly recipe: string;
    readonly input: Template | undefined;
    readonly compensate: WorkWords | undefined;
  };
  readonly output: CommonWords & { readonly output: Template };
}

export interface WaitWords {
  readonly until: Template | undefined;
  readonly event: string | undefined;
  readonly where: Condition | undefined;
}

export interface Scopes {
  readonly scope: Scope;
  /** Of `check`: what the task came to is known as well. */
  readonly check: Scope;
  /** Of `until`: the round that has ended is known as well. */
  readonly until: Scope;
  /** Of `where`: the event is known as well. */
  readonly event: Scope;
  /** Of `compensate`: the step itself has ended, and why the run fails is known. */
  readonly undo: Scope;
}

/** How the steps of each kind are written, at a place where so much may be spoken of. */
export function stepShapes({ scope, check, until, event, undo }: Scopes): {
  readonly [K in ActionKey]: Shape<StepWords[K]>;
} {
  const common = {
    id: required(name, 'Its name, by which others speak of it: {{steps.its_id.…}}. Unique in the recipe.'),
    about: optional(about, 'What it is for.'),
    after: optional(afterWords, 'The steps beside it that must have ended; none: the one before it in the list.'),
    when: optional(conditionShape(scope), 'It is skipped unless this holds.'),
    timeout: optional(duration(1000, yearMs), 'It fails when it has not ended by then.'),
    onFailure: optional(onFailureWords, 'continue, or steps that are done instead; otherwise the run fails with it.'),
  };
  const compensate = optional(
    object<WorkWords>('a compensation', workFields(undo)),
    'A task that undoes it, when the run fails after it has ended. The step that ended last is undone first.',
  );
  return {
    skill: object<StepWords['skill']>('a skill step', {
      ...common,
      ...workFields(scope),
      check: optional(
        conditionShape(check),
        'What must hold of {{result.text}}, {{result.json}}, {{result.exitCode}} …',
      ),
      tries: optional(integer(1, limits.checkTriesMax), 'How often it is done until the check holds; once otherwise.'),
      compensate,
    }),
    if: object<StepWords['if']>('an if step', {
      ...common,
      if: required(conditionShape(scope), 'Decides which steps are done.'),
      // biome-ignore lint/suspicious/noThenProperty: the word of the language.
      then: required(steps, 'Done when it holds.'),
      else: optional(steps, 'Done when it does not.'),
    }),
    parallel: object<StepWords['parallel']>('a parallel step', {
      ...common,
      parallel: required(branches, 'Lists of steps that are done at the same time.'),
    }),
    map: object<StepWords['map']>('a map step', {
      ...common,
      map: required(
        templateShape(scope),
        'A list, or a number for 0 up to it. The steps are done for each as {{item}}.',
      ),
      limit: optional(integer(1, limits.mapLimitMax), 'How many at a time; 10 otherwise.'),
      steps: required(steps, 'Done for each item.'),
    }),
    loop: object<StepWords['loop']>('a loop step', {
      ...common,
      loop: required(integer(1, limits.roundsMax), 'How many rounds at most.'),
      until: optional(conditionShape(until), 'It ends after the round in which this holds, and fails when none does.'),
      steps: required(steps, 'Done in each round.'),
    }),
    wait: object<StepWords['wait']>('a wait step', {
      ...common,
      wait: required(waitShape(scope, event), 'A duration, a time or an event.'),
    }),
    approve: object<StepWords['approve']>('an approve step', {
      ...common,
      approve: required(textTemplateShape(scope, limits.promptCharsMax), 'What a person is asked.'),
      role: optional(oneOf(['operator', 'owner']), 'Who may answer, at least; an operator otherwise.'),
      inputs: optional(asks, 'What the answer brings, as {{steps.its_id.inputs.…}}.'),
      compensate,
    }),
    recipe: object<StepWords['recipe']>('a recipe step', {
      ...common,
      recipe: required(name, 'The recipe that is run; its output is {{steps.its_id.value}}.'),
      input: optional(templateShape(scope), 'What it is given.'),
      compensate,
    }),
    output: object<StepWords['output']>('an output step', {
      ...common,
      output: required(templateShape(scope), 'What the run, or the steps that it stands among, come to.'),
    }),
  };
}

function workFields(scope: Scope) {
  return {
    skill: required(name, 'The skill of a limb that does it.'),
    input: optional(templateShape(scope), 'What the skill is given; {} otherwise.'),
    title: optional(textTemplateShape(scope, 1000), 'The title of its task.'),
    labels: optional(listOrOne(text({ charsMax: 63 }), { max: limits.labelsMax }), 'Labels that the limb must have.'),
    priority: optional(integer(0, limits.priorityMax), '0 to 9, the highest first; 5 otherwise.'),
    attempts: optional(integer(1, limits.attemptsMax), 'How many attempts of its task may fail; 5 otherwise.'),
  };
}

const afterWords: Shape<true> = {
  read: () => true,
  schema: (definitions) => listOrOne(name, { max: limits.recipeStepsMax }).schema(definitions),
};

const onFailureWords: Shape<'continue' | true> = {
  read(node, problems) {
    if (node.kind === 'list') return true;
    const isContinue = node.kind === 'scalar' && node.value === 'continue';
    return isContinue ? 'continue' : expected(node, problems, 'continue or a list of steps');
  },
  schema: (definitions) => ({ anyOf: [{ const: 'continue' }, steps.schema(definitions)] }),
};

const branches: Shape<true> = {
  read: (node, problems) => (node.kind === 'list' ? true : expected(node, problems, 'a list of lists of steps')),
  schema: (definitions) => ({ type: 'array', minItems: 1, items: steps.schema(definitions) }),
};

function waitShape(scope: Scope, event: Scope): Shape<number | WaitWords> {
  const words = object<WaitWords>('a wait', {
    until: optional(textTemplateShape(scope, 200), 'A time: 2026-11-21T18:00:00Z.'),
    event: optional(text({ charsMax: 100 }), 'The kind of an event.'),
    where: optional(conditionShape(event), 'What must hold of {{event.payload.…}}.'),
  });
  const checked: Shape<WaitWords> = {
    read(node, problems) {
      const read = words.read(node, problems);
      if (!read) return undefined;
      if ((read.until === undefined) === (read.event === undefined) || (read.where && read.event === undefined)) {
        return expected(node, problems, 'either until, or event with where if need be');
      }
      return read;
    },
    schema: (definitions) => words.schema(definitions),
  };
  return byKind({ scalar: duration(1, yearMs), map: checked });
}
