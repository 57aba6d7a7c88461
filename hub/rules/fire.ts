import { SenderError } from 'spacetimedb/server';
import type { Json } from '../conditions/source.ts';
import { fillTemplate, fillText, type Template } from '../conditions/template.ts';
import type { NewEvent } from '../events/emit.ts';
import { notify } from '../events/notify.ts';
import { limits } from '../lib/limits.ts';
import { nextPlace } from '../lib/ring.ts';
import { queueNewTask } from '../queue/submission.ts';
import { defaultTerms } from '../queue/terms.ts';
import { startRun } from '../recipes/runs.ts';
import { Turn } from '../recipes/turn.ts';
import { work } from '../recipes/work.ts';
import type { Ctx, DeedValue, EventRow, FiringRow, NotificationRow, TaskTerms } from '../schema.ts';
import { type ActiveRule, mayAct } from './active.ts';
import { addToCount } from './counts.ts';
import type { Completion } from './memory.ts';
import type { Action, EmitAction, NotifyAction, NotifyLevel, RecipeAction, SubmitAction } from './rule.ts';
import { firingScope } from './scopes.ts';

/** Takes an event that a rule emits; none when its dedupe key was seen already. */
export type Emit = (event: NewEvent) => EventRow | undefined;

/** How much the rules of a tenant have done in a transaction so far: however they complete one another, it ends. */
const doneIn = new WeakMap<Ctx, Map<bigint, { firings: number; events: number }>>();

/** A firing whose events are not emitted yet. */
interface Unfinished {
  readonly active: ActiveRule;
  readonly firing: FiringRow;
  readonly scope: Json;
  readonly depth: number;
}

/**
 * Lets completed rules act, in their order; then their events are emitted, so that each event has gone through all rules before
 * the next one comes. An action that fails leaves the others, and the event, as they are, and says why in the firing.
 */
export class Firings {
  readonly #ctx: Ctx;
  readonly #emit: Emit;
  readonly #unfinished: Unfinished[] = [];

  constructor(ctx: Ctx, emit: Emit) {
    this.#ctx = ctx;
    this.#emit = emit;
  }

  fire(active: ActiveRule, completion: Completion, group: string): void {
    const ctx = this.#ctx;
    const done = doneOf(ctx, active.tenantId);
    if (done.firings >= limits.firingsAtOnceMax) {
      const error = `too-many-firings: ${limits.firingsAtOnceMax} rules fired in this transaction already, the most that are allowed`;
      addToCount(ctx, active, { error });
      return;
    }
    done.firings += 1;
    const events = completion.events.flatMap((id) => ctx.db.event.id.find(BigInt(id)) ?? []);
    const { rule, version } = active;
    const scope = firingScope({ name: rule.name, version }, completion, group, events);
    const { tenantId } = active;
    const place = nextPlace(ctx.db.firingLog, tenantId, limits.firingsKeptMax, (oldest) =>
      ctx.db.firing.byPlace.delete([tenantId, oldest]),
    );
    const isAllowed = mayAct(ctx, active);
    const deeds = rule.actions.map((action, index) => {
      if (!isAllowed)
        return failed('not-an-operator: who activated the rule is no operator any more; activate it again');
      return action.tag === 'emit' ? later : attempt(() => act(ctx, active, action, `firing-${place}-${index}`, scope));
    });
    const firing = ctx.db.firing.insert({
      id: 0n,
      tenantId,
      place,
      ruleId: active.ruleId,
      ruleName: rule.name,
      version,
      event: BigInt(completion.events.at(-1) ?? 0),
      events: completion.events.map(BigInt),
      count: completion.count,
      groupKey: group,
      at: ctx.timestamp,
      deeds,
    });
    if (deeds.includes(later)) {
      this.#unfinished.push({ active, firing, scope, depth: (events.at(-1)?.depth ?? 0) + 1 });
    } else {
      countFiring(ctx, active, deeds);
    }
  }

  /** Emits the events of the rules that fired. */
  finish(): void {
    const ctx = this.#ctx;
    for (const { active, firing, scope, depth } of this.#unfinished.splice(0)) {
      const deeds = active.rule.actions.map((action, index) =>
        action.tag === 'emit'
          ? attempt(() => this.#emitFor(active, action.value, scope, depth))
          : (firing.deeds[index] ?? later),
      );
      ctx.db.firing.id.update({ ...firing, deeds });
      countFiring(ctx, active, deeds);
    }
  }

  #emitFor(active: ActiveRule, action: EmitAction, scope: Json, depth: number): DeedValue {
    const done = doneOf(this.#ctx, active.tenantId);
    if (depth > limits.ruleChainMax) {
      const chain = `${limits.ruleChainMax} rules have completed one another`;
      throw new SenderError(`chain-too-long: ${chain}; a rule that completes itself needs a condition that ends it`);
    }
    if (done.events >= limits.ruleEventsAtOnceMax) {
      throw new SenderError(
        `too-many-events: rules emitted ${limits.ruleEventsAtOnceMax} events in this transaction already; let fewer of them answer one another`,
      );
    }
    done.events += 1;
    const { kind, source = `rule/${active.rule.name}`, subject, payload } = action;
    const trigger = (scope as { readonly event: { readonly subject: string; readonly payload: Json } | null }).event;
    const event = this.#emit({
      tenantId: active.tenantId,
      kind,
      source,
      subject: subject ? fillText(subject, scope, limits.eventSubjectCharsMax) : (trigger?.subject ?? ''),
      payload: payload ? filled(payload, scope) : JSON.stringify(trigger?.payload ?? null),
      origin: { tag: 'Rule', value: active.ruleId },
      depth,
    });
    return event
      ? { tag: 'Emitted', value: event.id }
      : failed('duplicate: an event with its dedupe key was there already');
  }
}

const later: DeedValue = { tag: 'Failed', value: 'not emitted' };

function failed(value: string): DeedValue {
  return { tag: 'Failed', value };
}

/** What a rejection undoes must not have been begun: every check of an action comes before its first change. */
function attempt(act: () => DeedValue): DeedValue {
  try {
    return act();
  } catch (error) {
    if (error instanceof SenderError) return failed(error.message);
    throw error;
  }
}

function act(
  ctx: Ctx,
  active: ActiveRule,
  action: Exclude<Action, { tag: 'emit' }>,
  reference: string,
  scope: Json,
): DeedValue {
  switch (action.tag) {
    case 'submit':
      return submit(ctx, active, action.value, reference, scope);
    case 'recipe':
      return start(ctx, active, action.value, reference, scope);
    case 'notify':
      return tell(ctx, active, action.value, scope);
  }
}

function start(
  ctx: Ctx,
  { tenantId, by }: ActiveRule,
  { name, input }: RecipeAction,
  reference: string,
  scope: Json,
): DeedValue {
  const { event } = scope as {
    readonly event: Readonly<Record<'kind' | 'source' | 'subject' | 'payload', Json>> | null;
  };
  const trigger = {
    kind: String(event?.kind ?? 'rule'),
    source: String(event?.source ?? ''),
    subject: String(event?.subject ?? ''),
    payload: input ? filled(input, scope) : JSON.stringify(event?.payload ?? null),
  };
  const turn = new Turn(ctx);
  const run = startRun(turn, { tenantId, recipe: name, trigger, startedBy: by, reference });
  work(turn);
  return run ? { tag: 'Started', value: run.id } : failed('duplicate: its run was started already');
}

function submit(
  ctx: Ctx,
  { tenantId, by, rule }: ActiveRule,
  { skill, title, input, priority, labels }: SubmitAction,
  reference: string,
  scope: Json,
): DeedValue {
  const task = queueNewTask(ctx, {
    tenantId,
    skill,
    title: title ? fillText(title, scope, limits.titleCharsMax) || rule.name : rule.name,
    input: input ? filled(input, scope) : JSON.stringify((scope as { readonly event: Json }).event),
    reference,
    submittedBy: by,
    terms: priority === undefined && labels === undefined ? undefined : termsOf(priority, labels),
  });
  return task ? { tag: 'Submitted', value: task.id } : failed('duplicate: its task was submitted already');
}

function termsOf(priority: number | undefined, labels: readonly string[] | undefined): TaskTerms {
  return { ...defaultTerms, priority: priority ?? defaultTerms.priority, labels: [...(labels ?? [])] };
}

const levels: Record<NotifyLevel, NotificationRow['level']['tag']> = {
  info: 'Info',
  warning: 'Warning',
  critical: 'Critical',
};

function tell(ctx: Ctx, { tenantId, ruleId }: ActiveRule, { title, text, level = 'info' }: NotifyAction, scope: Json) {
  const { event } = scope as { readonly event: { readonly id: number } | null };
  const notification = notify(ctx, {
    tenantId,
    level: levels[level],
    title: fillText(title, scope, limits.titleCharsMax),
    text: text ? fillText(text, scope, limits.notificationCharsMax) : '',
    event: event ? BigInt(event.id) : undefined,
    rule: ruleId,
  });
  return { tag: 'Notified', value: notification.id } as const;
}

function filled(template: Template, scope: Json): string {
  const result = fillTemplate(template, scope, limits.inputBytesMax);
  if (!result.ok) throw new SenderError(`input-too-large: ${result.message}`);
  return JSON.stringify(result.value);
}

function countFiring(ctx: Ctx, active: ActiveRule, deeds: readonly DeedValue[]): void {
  const failure = deeds.find((deed) => deed.tag === 'Failed');
  addToCount(ctx, active, { fired: true, error: failure?.tag === 'Failed' ? failure.value : '' });
}

function doneOf(ctx: Ctx, tenantId: bigint): { firings: number; events: number } {
  const tenants = doneIn.get(ctx) ?? new Map<bigint, { firings: number; events: number }>();
  doneIn.set(ctx, tenants);
  const done = tenants.get(tenantId) ?? { firings: 0, events: 0 };
  tenants.set(tenantId, done);
  return done;
}
