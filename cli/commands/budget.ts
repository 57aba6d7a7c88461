import { tables } from '../../bindings/index.ts';
import type { Budget, BudgetPeriod, BudgetScope, BudgetUnit, Exhaustion, Member } from '../../bindings/types.ts';
import { runOnHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import { call, type HubOptions, subscribe } from '../lib/hub.ts';
import type { AmountText } from '../lib/option.ts';
import { plainRow } from '../lib/plain-row.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';
import { membersOf, pickMember } from './members.ts';

const units = { tokens: 'Tokens', money: 'Micros', seconds: 'Seconds' } as const satisfies Record<
  string,
  BudgetUnit['tag']
>;
const periods = { day: 'Day', month: 'Month', total: 'Total' } as const satisfies Record<string, BudgetPeriod['tag']>;
const microsDigits = 6;
const exhaustionWords = {
  Reject: 'When a budget is used up, work ends with what there is.',
  Downgrade: 'When a budget is used up, limbs go on with a cheaper model if they have one.',
} as const satisfies Record<Exhaustion['tag'], string>;

type UnitName = keyof typeof units;

export interface BudgetSetOptions extends HubOptions {
  readonly per: keyof typeof periods;
  readonly member?: string;
  readonly task?: number;
}

export async function budgetShow(options: HubOptions & { readonly json?: boolean }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    await subscribe(hub, [tables.budgets, tables.policies]);
    const members = await membersOf(hub, tenantId);
    const budgets = [...hub.connection.db.budgets.iter()]
      .filter((budget) => budget.tenantId === tenantId)
      .sort((a, b) => Number(a.id - b.id))
      .map(inPresentPeriod);
    if (options.json) return console.log(JSON.stringify(budgets.map(plainRow), undefined, 2));
    if (budgets.length === 0) return console.log('Nothing is bounded: `helix budget set --help` says how to bound it.');
    const lines = budgets.map((budget) => [
      whose(budget, members),
      nameOf(budget.unit.tag),
      budget.period.tag === 'Total' ? 'in total' : `${budget.period.tag.toLowerCase()} ${budget.since}`,
      ...[budget.bound, budget.spent, budget.reserved].map((value) => shown(value, budget.unit.tag)),
    ]);
    console.log(textTable(['of', 'unit', 'period', 'bound', 'spent', 'reserved'], lines));
    const policy = [...hub.connection.db.policies.iter()].find((row) => row.tenantId === tenantId);
    console.log(`\n${exhaustionWords[policy?.onExhausted.tag ?? 'Reject']}`);
  });
}

export async function budgetSet(unit: UnitName, most: AmountText, options: BudgetSetOptions): Promise<void> {
  const bound = most === 'none' ? undefined : boundOf(unit, most);
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const { scope, subject, name } = await subjectOf();
    await call(
      hub,
      hub.connection.reducers.setBudget({
        tenantId,
        scope: { tag: scope },
        subject,
        unit: { tag: units[unit] },
        period: { tag: periods[options.per] },
        bound,
      }),
    );
    const when = options.per === 'total' ? 'in total' : `a ${options.per}`;
    const what =
      bound === undefined ? `No bound of ${unit} ${when}` : `At most ${shown(bound, units[unit])} ${unit} ${when}`;
    console.log(`${what} for ${name}.`);

    async function subjectOf(): Promise<{ scope: BudgetScope['tag']; subject: string; name: string }> {
      if (options.task !== undefined) {
        return { scope: 'Tree', subject: `${options.task}`, name: `task ${options.task} and its parts` };
      }
      if (options.member === undefined) return { scope: 'Tenant', subject: '', name: 'the tenant' };
      const member = pickMember(await membersOf(hub, tenantId), options.member);
      return { scope: 'Member', subject: member.identity.toHexString(), name: oneLine(member.name) };
    }
  });
}

export async function budgetExhausted(policy: 'stop' | 'downgrade', options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const tag = policy === 'stop' ? 'Reject' : 'Downgrade';
    await call(hub, hub.connection.reducers.setExhaustion({ tenantId, onExhausted: { tag } }));
    console.log(exhaustionWords[tag]);
  });
}

/** What was spent in an earlier period bounds nothing any more; the row says so only when it is used again. */
function inPresentPeriod(budget: Budget): Budget {
  const chars = { Day: 10, Month: 7, Total: 0 }[budget.period.tag];
  const since = new Date().toISOString().slice(0, chars);
  return since > budget.since ? { ...budget, since, spent: 0n } : budget;
}

function boundOf(unit: UnitName, text: string): bigint {
  const [whole = '', part = ''] = text.split('.');
  if (unit !== 'money') {
    if (part !== '') throw new Failure(`${text} is no amount of ${unit}: expected a whole number`);
    return BigInt(whole);
  }
  if (part.length > microsDigits) throw new Failure(`${text} has more than ${microsDigits} digits after the point`);
  return BigInt(whole + part.padEnd(microsDigits, '0'));
}

function shown(value: bigint, unit: BudgetUnit['tag']): string {
  if (unit !== 'Micros') return value.toString();
  const digits = value.toString().padStart(microsDigits + 1, '0');
  const part = digits.slice(-microsDigits).replace(/0{0,4}$/, '');
  return `${digits.slice(0, -microsDigits)}.${part}`;
}

function whose({ scope, holder }: Budget, members: readonly Member[]): string {
  if (scope.tag === 'Tenant') return 'the tenant';
  const subject = holder.split('/').at(-1) ?? '';
  if (scope.tag === 'Tree') return `task ${subject} and its parts`;
  return oneLine(members.find(({ identity }) => identity.toHexString() === subject)?.name ?? `a former member`);
}

function nameOf(tag: BudgetUnit['tag']): string {
  return Object.entries(units).find(([, unit]) => unit === tag)?.[0] ?? tag;
}
