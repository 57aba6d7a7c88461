import type { Condition } from '../conditions/condition.ts';
import type { Expression } from '../conditions/expression.ts';
import { readSource } from '../conditions/notation.ts';
import { conditionShape } from '../conditions/read-condition.ts';
import { readExpression, type Scope } from '../conditions/scope.ts';
import {
  duration,
  expected,
  integer,
  type JsonSchema,
  list,
  listOrOne,
  mapped,
  named,
  number,
  object,
  oneKey,
  oneOf,
  optional,
  publishedSchema,
  required,
  type Shape,
  scalar,
  text,
} from '../conditions/shape.ts';
import { type Problem, Problems, type Scalar } from '../conditions/source.ts';
import { type Template, templateShape, textTemplateShape } from '../conditions/template.ts';
import { dayMs } from '../lib/time.ts';
import {
  type Action,
  type EmitAction,
  type NotifyAction,
  notifyLevels,
  type Over,
  type Pattern,
  type RecipeAction,
  type Rule,
  type Selector,
  type SubmitAction,
} from './rule.ts';

/** Reading a text takes the hub about a tenth of a second at this length. */
const ruleCharsMax = 16 * 1024;
/** A window may be up to 31 days long; timers are exact to the millisecond. */
const window = duration(1, 31 * dayMs);

/** What conditions and keys may speak of: the event itself. */
const ofEvent: Scope = { roots: ['kind', 'source', 'subject', 'payload'] };
/** What actions may speak of: the event that completed the rule, all of them in order, their key, and the rule. */
const ofFiring: Scope = { roots: ['event', 'events', 'key', 'count', 'rule'] };

const dottedName = {
  matches: /^[A-Za-z0-9][A-Za-z0-9._:/-]*\*?$|^\*$/,
  words: 'a name such as order.paid, order.* or *',
};

function expression(scope: Scope): Shape<Expression> {
  return {
    read(node, problems) {
      if (node.kind !== 'scalar' || node.value === null)
        return expected(node, problems, 'an expression such as payload.user');
      return readExpression(String(node.value), node.textAt, scope, problems);
    },
    schema: () => ({ type: 'string', maxLength: 500 }),
  };
}

const selectorMap = object<Selector>('on', {
  kind: required(
    text({ charsMax: 128, pattern: dottedName }),
    'The kind of the event; a * at its end stands for anything.',
  ),
  source: optional(text({ charsMax: 128 }), 'Where it comes from; a * at its end stands for anything.'),
  subject: optional(text({ charsMax: 256 }), 'What it is about; a * at its end stands for anything.'),
});
const selectorText = text({ charsMax: 128, pattern: dottedName });
const selector: Shape<Selector> = {
  read(node, problems) {
    if (node.kind === 'map') return selectorMap.read(node, problems);
    const kind = selectorText.read(node, problems);
    return kind === undefined ? undefined : { kind };
  },
  schema: (definitions) => ({ anyOf: [selectorText.schema(definitions), selectorMap.schema(definitions)] }),
};
const selectors = listOrOne(selector, { min: 1, max: 16 });

const when = conditionShape(ofEvent);
const by = expression(ofEvent);
const aboutOn = 'Which events: a kind, or a map of kind, source and subject, or a list of these.';
const aboutWhen = 'What must hold of the event.';

const pattern: Shape<Pattern> = named('pattern', () =>
  object<Pattern>('a pattern', {
    on: required(selectors, aboutOn),
    when: optional<Condition>(when, aboutWhen),
    by: optional<Expression>(by, 'The key of these events, where it is another expression than that of the rule.'),
  }),
);

interface Threshold {
  readonly of: Expression;
  readonly above: number | undefined;
  readonly below: number | undefined;
  readonly rearm: number | undefined;
}
const thresholdMap = object<Threshold>('threshold', {
  of: required(expression(ofEvent), 'The number.'),
  above: optional(number(), 'Fires when the number is greater than this.'),
  below: optional(number(), 'Fires when the number is less than this.'),
  rearm: optional(
    number(),
    'Fires again only after the number has been at or beyond this, on the other side of the bound.',
  ),
});
const threshold: Shape<Over> = {
  read(node, problems) {
    const read = thresholdMap.read(node, problems);
    if (!read) return undefined;
    const side = read.above === undefined ? 'below' : 'above';
    const bound = read.above ?? read.below;
    if (bound === undefined || (read.above !== undefined && read.below !== undefined)) {
      problems.add(node.at, 'threshold needs one of the keys above and below');
      return undefined;
    }
    const rearm = read.rearm ?? bound;
    if (side === 'above' ? rearm > bound : rearm < bound) {
      const hint = side === 'above' ? `it must be at most ${bound}` : `it must be at least ${bound}`;
      problems.add(node.at, 'threshold would be armed again where it fires', hint);
      return undefined;
    }
    return { kind: 'threshold', of: read.of, side, bound, rearm };
  },
  schema: (definitions) => thresholdMap.schema(definitions),
};

const within = required(window, 'How long it may take, such as 30s, 10m or 1d; the end itself is too late.');

const overs: { readonly [K in Over['kind']]: Shape<Over> } = {
  count: mapped(
    object<{ atLeast: number; within: number }>('count', {
      atLeast: required(integer(2, 1000), 'How many events.'),
      within,
    }),
    ({ atLeast, within: withinMs }) => ({ kind: 'count', atLeast, withinMs }),
  ),
  sequence: mapped(
    object<{ steps: readonly Pattern[]; within: number }>('sequence', {
      steps: required(list(pattern, { min: 1, max: 8 }), 'The events that follow, in this order.'),
      within,
    }),
    ({ steps, within: withinMs }) => ({ kind: 'sequence', steps, withinMs }),
  ),
  absence: mapped(
    object<{ of: Pattern; within: number }>('absence', {
      of: required(pattern, 'The event that does not come.'),
      within,
    }),
    ({ of, within: withinMs }) => ({ kind: 'absence', of, withinMs }),
  ),
  join: mapped(
    object<{ with: readonly Pattern[]; within: number }>('join', {
      with: required(list(pattern, { min: 1, max: 7 }), 'The other events, in any order.'),
      within,
    }),
    ({ with: others, within: withinMs }) => ({ kind: 'join', others, withinMs }),
  ),
  change: mapped(
    object<{ of: Expression; from: Scalar | undefined; to: Scalar | undefined }>('change', {
      of: required(expression(ofEvent), 'The value.'),
      from: optional(scalar(1000), 'Only when it was this before.'),
      to: optional(scalar(1000), 'Only when it is this now.'),
    }),
    (change) => ({ kind: 'change', ...change }),
  ),
  threshold,
};
const overNames = Object.keys(overs) as Over['kind'][];

const title = textTemplateShape(ofFiring, 500);
const action: Shape<Action> = oneKey<{
  submit: SubmitAction;
  emit: EmitAction;
  notify: NotifyAction;
  recipe: RecipeAction;
}>('an action', {
  submit: required(
    object<SubmitAction>('submit', {
      skill: required(
        text({ charsMax: 80, pattern: { matches: /^[A-Za-z0-9][A-Za-z0-9._-]*$/, words: 'the name of a skill' } }),
        'The skill that does it.',
      ),
      title: optional<Template>(title, 'What lists show of the task; the name of the rule without.'),
      input: optional<Template>(
        templateShape(ofFiring),
        'What the skill gets; texts may have {{event.payload.…}} in them. The event itself without.',
      ),
      priority: optional(integer(0, 9), 'The highest comes first; 5 without.'),
      labels: optional(list(text({ charsMax: 63 }), { max: 16 }), 'Labels that the limb must have.'),
    }),
    'Submits a task.',
  ),
  emit: required(
    object<EmitAction>('emit', {
      kind: required(
        text({
          charsMax: 128,
          pattern: { matches: /^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, words: 'a kind such as order.paid' },
        }),
        'The kind of the event.',
      ),
      source: optional(text({ charsMax: 128 }), 'Where it comes from; rule/ and the name of the rule without.'),
      subject: optional<Template>(textTemplateShape(ofFiring, 256), 'What it is about; as the event without.'),
      payload: optional<Template>(templateShape(ofFiring), 'Its payload; as the event without.'),
    }),
    'Emits another event. Events of rules can complete rules, up to 8 one after the other.',
  ),
  notify: required(
    object<NotifyAction>('notify', {
      title: required(title, 'One line.'),
      text: optional<Template>(textTemplateShape(ofFiring, 4000), 'More of it.'),
      level: optional(oneOf(notifyLevels), 'How much it matters; info without.'),
    }),
    'Shows a notification to the members.',
  ),
  recipe: required(
    object<RecipeAction>('recipe', {
      name: required(
        text({ charsMax: 80, pattern: { matches: /^[A-Za-z0-9][A-Za-z0-9._-]*$/, words: 'the name of a recipe' } }),
        'The recipe that is started.',
      ),
      input: optional<Template>(
        templateShape(ofFiring),
        'What the run is given as {{trigger.payload}}; the payload of the event without.',
      ),
    }),
    'Starts a recipe by its newest version.',
  ),
});

interface RuleText {
  readonly name: string;
  readonly description: string | undefined;
  readonly on: readonly Selector[];
  readonly when: Condition | undefined;
  readonly by: Expression | undefined;
  readonly count: Over | undefined;
  readonly sequence: Over | undefined;
  readonly absence: Over | undefined;
  readonly join: Over | undefined;
  readonly change: Over | undefined;
  readonly threshold: Over | undefined;
  readonly debounce: number | undefined;
  readonly oncePer: number | undefined;
  readonly cooldown: number | undefined;
  readonly throttle: { readonly most: number; readonly within: number } | undefined;
  readonly then: readonly Action[];
}

export const ruleNamePattern = { matches: /^[A-Za-z0-9][A-Za-z0-9._ -]*$/, words: 'letters, digits, spaces and . _ -' };

const ruleText = object<RuleText>('a rule', {
  name: required(text({ charsMax: 80, pattern: ruleNamePattern }), 'What it is called; unique in its tenant.'),
  description: optional(text({ charsMax: 2000 }), 'What it is for.'),
  on: required(selectors, aboutOn),
  when: optional<Condition>(when, aboutWhen),
  by: optional<Expression>(
    by,
    'Events with the same value belong together: each has its own counts, sequences, cooldowns and so on.',
  ),
  count: optional(overs.count, 'Completed by so many events within a time; then it begins anew.'),
  sequence: optional(overs.sequence, 'Completed when others follow in order; then it begins anew.'),
  absence: optional(overs.absence, 'Completed when another event does not follow in time.'),
  join: optional(overs.join, 'Completed when the others have come too, in any order; then it begins anew.'),
  change: optional(overs.change, 'Completed when a value is another one than before.'),
  threshold: optional(overs.threshold, 'Completed when a number passes a bound.'),
  debounce: optional(window, 'Fires only when so long nothing has completed it again.'),
  oncePer: optional(
    window,
    'Fires once in each period of this length, counted from 1970; 1d is a day by the clocks of the tenant.',
  ),
  cooldown: optional(window, 'Does not fire again for so long.'),
  throttle: optional(
    object<{ most: number; within: number }>('throttle', {
      most: required(integer(1, 100), 'How often.'),
      within: required(window, 'In which time.'),
    }),
    'Fires at most so often within a time.',
  ),
  // biome-ignore lint/suspicious/noThenProperty: a word of the language, and never awaited
  then: required(listOrOne(action, { min: 1, max: 8 }), 'What it does, in this order.'),
});

/** The shape of a rule's text. */
const rule: Shape<Rule> = {
  read(node, problems) {
    const written = ruleText.read(node, problems);
    const used = node.kind === 'map' ? node.entries.filter(({ key }) => overNames.some((name) => name === key)) : [];
    const [first, second] = used;
    if (first && second) {
      problems.add(second.keyAt, `a rule has one of ${overNames.join(', ')}`, `it has ${first.key} already`);
      return undefined;
    }
    if (!written) return undefined;
    const { name, description = '', on, then, throttle } = written;
    return {
      name,
      description,
      pattern: { on, when: written.when },
      by: written.by,
      over: overNames.map((each) => written[each]).find((each) => each !== undefined),
      gates: {
        debounceMs: written.debounce,
        oncePerMs: written.oncePer,
        cooldownMs: written.cooldown,
        throttle: throttle && { most: throttle.most, withinMs: throttle.within },
      },
      actions: then,
    };
  },
  schema: (definitions) => ({ ...ruleText.schema(definitions), not: onlyOneOver() }),
};

/** No two of the keys that say how events go together. */
function onlyOneOver(): JsonSchema {
  const pairs = overNames.flatMap((one, index) => overNames.slice(index + 1).map((other) => [one, other]));
  return { anyOf: pairs.map((required) => ({ required })) };
}

export type ReadRule =
  | { readonly ok: true; readonly rule: Rule }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads a rule that is written in YAML or JSON. */
export function readRule(written: string): ReadRule {
  const source = readSource(written, ruleCharsMax);
  if (!source.ok) return source;
  const problems = new Problems();
  const read = rule.read(source.node, problems);
  return read && problems.none ? { ok: true, rule: read } : { ok: false, problems: problems.list };
}

/** The JSON Schema of a rule's text; `schema.json` is kept in step with it. */
export function ruleSchema(): JsonSchema {
  return publishedSchema(rule, 'urn:helix:schema:rule', 'A rule of Helix');
}
