import { Range, SenderError, t } from 'spacetimedb/server';
import { timeZoneOf } from '../keeping/policy.ts';
import { ascending } from '../lib/order.ts';
import { requireMember } from '../reducers/access.ts';
import { programOf, versionKey } from '../rules/active.ts';
import { CheckedRule, problemsOf, Rehearsal, RuleAnswer, type RuleAnswerValue } from '../rules/answers.ts';
import { meanCosts } from '../rules/costs.ts';
import { explain, type History, type RuleThen } from '../rules/explain.ts';
import { readRule, ruleSchema } from '../rules/language.ts';
import { pastEvent, rehearse as rehearseRule } from '../rules/rehearse.ts';
import type { PastEvent } from '../rules/replay.ts';
import spacetimedb, { type Ctx, type EventRow, type FiringRow, type RuleRow } from '../schema.ts';

// Procedures run beside the hub and only look. Events are read page by page, so that the hub is never kept for long.

/** What is wrong with the text of a rule, while it is being typed. */
export const checkRule = spacetimedb.procedure(
  { name: 'check_rule' },
  { tenantId: t.u64(), text: t.string() },
  CheckedRule,
  (ctx, { tenantId, text }) => {
    ctx.withTx((tx) => requireMember(tx, tenantId, 'Viewer'));
    const read = readRule(text);
    return {
      problems: read.ok ? [] : problemsOf(read.problems),
      name: read.ok ? read.rule.name : '',
      schema: JSON.stringify(ruleSchema()),
    };
  },
);

/**
 * What a text would have done with the newest events that are kept, at most `eventsMax` of them (0 for 10,000), and what that
 * would have cost. A text with problems is told them, and nothing else.
 */
export const rehearse = spacetimedb.procedure(
  { name: 'rehearse' },
  { tenantId: t.u64(), text: t.string(), eventsMax: t.u32() },
  Rehearsal,
  (ctx, { tenantId, text, eventsMax }) => {
    ctx.withTx((tx) => requireMember(tx, tenantId, 'Operator'));
    const read = readRule(text);
    if (!read.ok) return { ...nothing, problems: problemsOf(read.problems) };
    const wanted = eventsMax === 0 ? rehearsedMax : Math.min(eventsMax, rehearsedMax);
    const { head, tail } = ctx.withTx((tx) => placesOf(tx, tenantId));
    const newest = tail - BigInt(wanted);
    const events = readEvents(ctx, tenantId, newest > head ? newest : head, tail);
    const costs = ctx.withTx((tx) => meanCosts(tx, tenantId));
    const clocks = ctx.withTx((tx) => ({ now: tx.timestamp, timeZone: timeZoneOf(tx, tenantId) }));
    return rehearseRule(read.rule, events, clocks, costs);
  },
);

/**
 * Why rules fired with an event, or did not: those that are named, or at most 500 of the tenant's, of which those that fired
 * come first, and then the active ones.
 */
export const why = spacetimedb.procedure(
  { name: 'why' },
  { tenantId: t.u64(), eventId: t.u64(), rules: t.array(t.u64()) },
  t.array(RuleAnswer),
  (ctx, { tenantId, eventId, rules }) => {
    const { event, asked, timeZone } = ctx.withTx((tx) => {
      requireMember(tx, tenantId, 'Viewer');
      const found = tx.db.event.id.find(eventId);
      if (found?.tenantId !== tenantId) {
        throw new SenderError(`no-such-event: there is no event ${eventId} in this tenant, or it is not kept any more`);
      }
      return { event: found, asked: rulesThen(tx, found, rules), timeZone: timeZoneOf(tx, tenantId) };
    });
    // All of them end with the event, so the longest one holds the others.
    const places = asked.map(({ fromPlace }) => fromPlace).toSorted(ascending);
    const earliest = places[0] ?? event.place;
    let longest: readonly { readonly place: bigint; readonly past: PastEvent }[] | undefined;
    const historyFrom = (place: bigint): History => {
      longest ??= readEvents(ctx, tenantId, earliest, event.place + 1n).map((row) => ({
        place: row.place,
        past: pastEvent(row),
      }));
      const start = longest.findIndex((each) => each.place >= place);
      return { events: longest.slice(start).map(({ past }) => past), isWhole: longest[start]?.place === place };
    };
    return asked.map(
      ({ rule, fromPlace }): RuleAnswerValue => explain(rule, event, () => historyFrom(fromPlace), timeZone),
    );
  },
);

const rehearsedMax = 10_000;
const explainedMax = 500;
/** Events that are read in one transaction. */
const pageMax = 500;

const nothing = {
  problems: [],
  events: 0,
  from: undefined,
  until: undefined,
  matched: 0,
  fired: 0,
  firings: [],
  submitted: 0,
  emitted: 0,
  notified: 0,
  skills: [],
  costMicros: 0n,
  tokens: 0n,
  held: [],
};

type Tx = Pick<Ctx, 'db'>;
interface Reader {
  withTx<T>(body: (tx: Ctx) => T): T;
}

function placesOf(tx: Tx, tenantId: bigint): { readonly head: bigint; readonly tail: bigint } {
  return tx.db.eventLog.tenantId.find(tenantId) ?? { head: 1n, tail: 1n };
}

/** The events of a tenant with places from `from` up to, but not including, `until`, at most the newest 10,000. */
function readEvents(ctx: Reader, tenantId: bigint, from: bigint, until: bigint): readonly EventRow[] {
  const events: EventRow[] = [];
  const { head } = ctx.withTx((tx) => placesOf(tx, tenantId));
  const start = [from, head, until - BigInt(rehearsedMax)].reduce((a, b) => (a > b ? a : b));
  for (let place = start; place < until; place += BigInt(pageMax)) {
    const end = place + BigInt(pageMax) < until ? place + BigInt(pageMax) : until;
    const page = new Range<bigint>({ tag: 'included', value: place }, { tag: 'excluded', value: end });
    events.push(...ctx.withTx((tx) => [...tx.db.event.byPlace.filter([tenantId, page])]));
  }
  return events;
}

/** The rules as they were when an event came. */
function rulesThen(
  tx: Ctx,
  event: EventRow,
  ids: readonly bigint[],
): readonly { readonly rule: RuleThen; readonly fromPlace: bigint }[] {
  const firings = [...tx.db.firing.event.filter(event.id)];
  const rules =
    ids.length === 0
      ? mostTelling([...tx.db.rule.tenantId.filter(event.tenantId)], firings).slice(0, explainedMax)
      : ids.slice(0, explainedMax).map((id) => requireRule(tx, event.tenantId, id));
  return rules.map((rule) => {
    const activations = [...tx.db.ruleActivation.ruleId.filter(rule.id)];
    const then = activations.find(
      ({ fromPlace, untilPlace }) => fromPlace <= event.place && (untilPlace === undefined || event.place < untilPlace),
    );
    const own = firings.filter(({ ruleId }) => ruleId === rule.id);
    const version = then?.version ?? 0;
    const isKept = then && tx.db.ruleProgram.key.find(versionKey(rule.id, version));
    return {
      rule: {
        ruleId: rule.id,
        name: rule.name,
        version,
        rule: programOf(tx, rule.id, isKept ? version : rule.version),
        firings: own,
      },
      fromPlace: then?.fromPlace ?? event.place,
    };
  });
}

/** Those that fired first, then the others that are active. */
function mostTelling(rules: readonly RuleRow[], firings: readonly FiringRow[]): readonly RuleRow[] {
  const fired = new Set(firings.map(({ ruleId }) => ruleId));
  const rank = ({ id, activation }: RuleRow) => (fired.has(id) ? 0 : activation === 0n ? 2 : 1);
  return rules.toSorted((a, b) => rank(a) - rank(b) || ascending(a.id, b.id));
}

function requireRule(tx: Ctx, tenantId: bigint, id: bigint): RuleRow {
  const rule = tx.db.rule.id.find(id);
  if (rule?.tenantId !== tenantId)
    throw new SenderError(`no-such-rule: there is no rule ${id} in this tenant; check the number`);
  return rule;
}
