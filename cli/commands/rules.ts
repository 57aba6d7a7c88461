import { text as textOf } from 'node:stream/consumers';
import pc from 'picocolors';
import { SenderError } from 'spacetimedb';
import { tables } from '../../bindings/index.ts';
import type { Firing, Rehearsal, Rule, RuleAnswer, RuleCount } from '../../bindings/types.ts';
import schema from '../../hub/rules/schema.json' with { type: 'json' };
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { confirm } from '../lib/confirm.ts';
import { moment } from '../lib/event-line.ts';
import { Failure } from '../lib/failure.ts';
import { readText } from '../lib/files.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { pickOne } from '../lib/pick-one.ts';
import { plainRow } from '../lib/plain-row.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine, printable } from '../lib/terminal.ts';
import { formatProblems } from '../lib/text-problem.ts';
import { textTable } from '../lib/text-table.ts';

const shownFirings = 10;

export function rulesSchema(): void {
  console.log(JSON.stringify(schema, undefined, 2));
}

export async function rulesList(options: ClientOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const rules = await rulesOf(hub, tenantId);
    const counts = await countsOf(hub, tenantId);
    if (options.json) {
      const rows = rules.map((rule) => ({ ...plainRow(rule), ...plainRow(counts.get(rule.id) ?? {}) }));
      return console.log(JSON.stringify(rows, undefined, 2));
    }
    if (rules.length === 0) return console.log('There is no rule: `helix rules save --help` says how to make one.');
    const lines = rules.map((rule) => {
      const count = counts.get(rule.id);
      return [
        `${rule.id}`,
        oneLine(rule.name),
        rule.activeVersion === 0 ? 'not active' : `version ${rule.activeVersion}`,
        `${rule.version}`,
        `${count?.firings ?? 0}`,
        count?.lastFiredAt === undefined ? 'never' : moment(count.lastFiredAt),
        count?.lastError ? oneLine(count.lastError) : '',
      ];
    });
    console.log(textTable(['rule', 'name', 'active', 'newest', 'fired', 'last (UTC)', 'last error'], lines));
  });
}

export async function rulesShow(text: string, wanted: number | undefined, options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const rule = pickRule(await rulesOf(hub, await findTenant(hub)), text);
    const version = wanted ?? rule.version;
    await subscribe(hub, [tables.ruleVersions.where((row) => row.ruleId.eq(rule.id))]);
    const found = [...hub.connection.db.ruleVersions.iter()].find((row) => row.version === version);
    if (found === undefined) throw new Failure(`${rule.name} has no version ${version} that is kept`);
    console.log(printable(found.text).trimEnd());
  });
}

export async function rulesSave(file: string, options: HubOptions & { readonly activate?: boolean }): Promise<void> {
  const text = await readRuleFile(file);
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const name = await requireRule(hub, tenantId, file, text);
    await call(hub, hub.connection.reducers.saveRule({ tenantId, text }));
    const rule = pickRule(await rulesOf(hub, tenantId), name);
    console.log(`${oneLine(name)} is rule ${rule.id}, and this is its version ${rule.version}.`);
    if (options.activate) await activate(hub, rule, rule.version);
    else if (rule.activeVersion !== rule.version) {
      console.error(`It takes no events before \`helix rules activate "${oneLine(name)}"\`.`);
    }
  });
}

export async function rulesCheck(file: string, options: ClientOptions): Promise<void> {
  const text = await readRuleFile(file);
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    if (options.json) {
      const { problems } = await askProcedure(hub.connection.procedures.checkRule({ tenantId, text }), hub);
      console.log(JSON.stringify(problems.map(plainRow), undefined, 2));
      if (problems.length > 0) throw new Failure(countOf(problems.length));
      return;
    }
    console.log(`${oneLine(await requireRule(hub, tenantId, file, text))} can be saved.`);
  });
}

/** Rehearses a text with the events that are kept: nothing is done. */
export async function rulesTest(file: string, options: ClientOptions & { readonly events?: number }): Promise<void> {
  const text = await readRuleFile(file);
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const eventsMax = options.events ?? 0;
    const rehearsal = await askProcedure(hub.connection.procedures.rehearse({ tenantId, text, eventsMax }), hub);
    if (options.json) console.log(JSON.stringify(plainRow(rehearsal), undefined, 2));
    if (rehearsal.problems.length > 0) {
      if (!options.json) console.error(formatProblems(file, text, rehearsal.problems));
      throw new Failure(countOf(rehearsal.problems.length));
    }
    if (!options.json) console.log(rehearsalText(rehearsal));
  });
}

export async function rulesActivate(text: string, version: number | undefined, options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    await activate(hub, pickRule(await rulesOf(hub, await findTenant(hub)), text), version ?? 0);
  });
}

export async function rulesDeactivate(text: string, options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const rule = pickRule(await rulesOf(hub, await findTenant(hub)), text);
    await call(hub, hub.connection.reducers.deactivateRule({ ruleId: rule.id }));
    console.log(`${oneLine(rule.name)} takes no more events.`);
  });
}

export async function rulesDelete(text: string, options: HubOptions & { readonly yes?: boolean }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const rule = pickRule(await rulesOf(hub, await findTenant(hub)), text);
    const question = `Delete the rule ${oneLine(rule.name)} with all of its versions?`;
    if (!options.yes && !(await confirm(question, '--yes'))) throw new Failure('Nothing was deleted');
    await call(hub, hub.connection.reducers.deleteRule({ ruleId: rule.id }));
    console.log(`The rule ${oneLine(rule.name)} is deleted.`);
  });
}

/** The hub answers for no more at once. */
const askedMax = 500;

/** Why rules fired with an event, or did not. */
export async function rulesWhy(event: number, names: readonly string[], options: ClientOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const known = names.length === 0 ? [] : await rulesOf(hub, tenantId);
    const rules = names.map((name) => pickRule(known, name).id);
    const answers = await askProcedure(hub.connection.procedures.why({ tenantId, eventId: BigInt(event), rules }), hub);
    if (options.json) return console.log(JSON.stringify(answers.map(plainRow), undefined, 2));
    if (answers.length === 0) return console.log('There is no rule to ask about.');
    const eventId = BigInt(event);
    await subscribe(hub, [tables.firings.where((firing) => firing.event.eq(eventId))]);
    const firings = [...hub.connection.db.firings.iter()].sort((a, b) => Number(a.id - b.id));
    console.log(answers.map((answer) => answerText(answer, firings)).join('\n'));
    if (names.length === 0 && answers.length >= askedMax) {
      console.error(
        `Only ${askedMax} rules are asked at once: name others, as in \`helix rules why ${event} "the rule"\`.`,
      );
    }
  });
}

async function activate(hub: Hub, { id, name }: Rule, version: number): Promise<void> {
  await call(hub, hub.connection.reducers.activateRule({ ruleId: id, version }));
  const rule = [...hub.connection.db.rules.iter()].find((row) => row.id === id);
  console.log(`${oneLine(name)} takes every event from now on, by its version ${rule?.activeVersion ?? version}.`);
}

export function rehearsalText(rehearsal: Rehearsal): string {
  const { events, from, until, matched, fired, firings, skills, held } = rehearsal;
  if (events === 0) return 'There is no event to rehearse with: nothing has happened that is kept.';
  const span = from && until ? `, from ${moment(from)} to ${moment(until)} UTC` : '';
  const lines = [
    `${events} ${events === 1 ? 'event' : 'events'}${span}: ${matched} match, and it would have fired ${pc.bold(fired === 1 ? 'once' : `${fired} times`)}.`,
    ...firings
      .slice(-shownFirings)
      .map(({ at, event, deeds }) => `  ${moment(at)}  event ${event}  ${deeds.map(oneLine).join('; ')}`),
    ...(fired > shownFirings ? [pc.dim(`  the newest ${shownFirings} of ${fired}`)] : []),
    ...skills.map(({ skill, tasks, sampled, meanCostMicros, meanTokens }) =>
      sampled === 0
        ? `${tasks} ${tasks === 1 ? 'task' : 'tasks'} of ${skill}, of which none has been done yet: what they cost is not known.`
        : `${tasks} ${tasks === 1 ? 'task' : 'tasks'} of ${skill}, ${meanTokens} tokens and ${money(meanCostMicros)} each on average.`,
    ),
    ...(skills.length === 0 ? [] : [`Together about ${rehearsal.tokens} tokens and ${money(rehearsal.costMicros)}.`]),
    ...held.map(
      (one) =>
        `${one.events} ${one.events === 1 ? 'event that matches' : 'events that match'} did not fire it: ${oneLine(one.reason)}`,
    ),
  ];
  return lines.join('\n');
}

function answerText(
  { ruleId, ruleName, version, fired, reason, failed }: RuleAnswer,
  firings: readonly Firing[],
): string {
  const mark = fired ? pc.green('fired') : pc.yellow('did not fire');
  const by = version === 0 ? '' : pc.dim(` (version ${version})`);
  const why = oneLine(reason).replace(/^it fired(, )?/, '');
  const lines = [`${pc.bold(oneLine(ruleName))}${by} ${mark}${why === '' ? '' : `: ${why}`}`];
  if (failed) {
    const place = failed.line === 0 ? '' : pc.dim(`  line ${failed.line}, column ${failed.column}`);
    lines.push(`  ${oneLine(failed.condition)}${place}`);
    for (const { path, value } of failed.seen) lines.push(`    ${path} is ${oneLine(value ?? 'not there')}`);
  }
  lines.push(...firings.filter((firing) => firing.ruleId === ruleId).map(firingText));
  return lines.join('\n');
}

/** What completed a rule, for which key, and what it did. */
function firingText({ id, at, version, groupKey, events, count, deeds }: Firing): string {
  const key = groupKey === '' ? '' : ` for ${oneLine(groupKey)}`;
  const newest = count > events.length ? ` the newest ${events.length} of ${count},` : '';
  const by = `${events.length === 1 ? 'event' : 'events'}${newest} ${events.join(', ')}`;
  return `  firing ${id} at ${moment(at)} UTC by version ${version}${key}, completed by ${by}: ${deeds.map(deedText).join(', ')}`;
}

function deedText(deed: Firing['deeds'][number]): string {
  switch (deed.tag) {
    case 'Submitted':
      return `task ${deed.value}`;
    case 'Emitted':
      return `event ${deed.value}`;
    case 'Notified':
      return `notification ${deed.value}`;
    case 'Started':
      return `run ${deed.value}`;
    case 'Failed':
      return `failed: ${oneLine(deed.value)}`;
  }
}

function money(micros: bigint): string {
  return (Number(micros) / 1_000_000).toFixed(4);
}

/** @returns the name of the rule. @throws Failure after the mistakes were shown */
async function requireRule(hub: Hub, tenantId: bigint, file: string, text: string): Promise<string> {
  const { problems, name } = await askProcedure(hub.connection.procedures.checkRule({ tenantId, text }), hub);
  if (problems.length === 0) return name;
  console.error(formatProblems(file === '-' ? 'input' : file, text, problems));
  throw new Failure(countOf(problems.length));
}

function countOf(problems: number): string {
  return problems === 1 ? 'The rule has a mistake' : `The rule has ${problems} mistakes`;
}

async function readRuleFile(file: string): Promise<string> {
  const text = file === '-' ? await textOf(process.stdin) : await readText(file);
  if (text === undefined) throw new Failure(`There is no file ${file}: check the path`);
  return text;
}

/** Settles like a procedure. @throws Failure with the hub's own words when it refuses */
export async function askProcedure<T>(procedure: Promise<T>, hub: Hub): Promise<T> {
  try {
    return await Promise.race([procedure, hub.lost]);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const words = error instanceof SenderError || error instanceof Error ? error.message : String(error);
    throw new Failure(`The hub refused: ${words}`, { cause: error });
  }
}

export async function rulesOf(hub: Hub, tenantId: bigint): Promise<Rule[]> {
  await subscribe(hub, [tables.rules.where((rule) => rule.tenantId.eq(tenantId))]);
  return [...hub.connection.db.rules.iter()].sort((a, b) => Number(a.id - b.id));
}

async function countsOf(hub: Hub, tenantId: bigint): Promise<ReadonlyMap<bigint, RuleCount>> {
  await subscribe(hub, [tables.ruleCounts.where((count) => count.tenantId.eq(tenantId))]);
  return new Map([...hub.connection.db.ruleCounts.iter()].map((count) => [count.ruleId, count]));
}

function pickRule(rules: readonly Rule[], text: string): Rule {
  return pickOne('rule', rules, text, { nameOf: ({ name }) => name, keyOf: ({ id }) => `${id}` });
}
