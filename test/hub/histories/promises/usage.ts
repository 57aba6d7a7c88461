import { isFinished } from '../../../../hub/lib/states.ts';
import { hold } from '../hold.ts';
import type { Tables } from './tables.ts';

/** What a tenant keeps is counted anew, from the rows themselves. */
export function checkUsage(tables: Tables): void {
  for (const usage of tables.rows('usage')) {
    const { tenantId } = usage;
    const own = <Row extends { readonly tenantId: bigint }>(rows: readonly Row[]) =>
      rows.filter((row) => row.tenantId === tenantId);
    const inputs = own(tables.rows('taskInput'));
    const attempts = own(tables.rows('attempt')).filter(({ outcome }) => outcome.tag !== 'Open');
    const recipeVersions = own(tables.rows('recipeVersion'));
    const runs = own(tables.rows('runData'));
    const outputs = own(tables.rows('stepOutput'));
    const summaries = own(tables.rows('summary'));
    const feedback = own(tables.rows('feedback'));
    const ruleVersions = own(tables.rows('ruleVersion'));
    const programs = own(tables.rows('ruleProgram'));
    const texts = [
      ...inputs.map(({ input }) => input),
      ...attempts.map(({ error }) => error),
      ...summaries.map(({ body }) =>
        JSON.stringify(body, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
      ),
      ...feedback.map(({ text }) => text),
      ...recipeVersions.map(({ text }) => text),
      ...runs.map(({ trigger, output }) => trigger + output),
      ...outputs.map(({ value }) => value),
      ...ruleVersions.map(({ text }) => text),
      ...programs.map(({ program }) => program),
    ];
    const withoutText = [
      ...own(tables.rows('task')),
      ...own(tables.rows('dayTotal')),
      ...own(tables.rows('threadTurn')),
      ...own(tables.rows('recipe')),
      ...own(tables.rows('run')),
      ...own(tables.rows('step')),
      ...own(tables.rows('rule')),
    ];
    const rows = texts.length + withoutText.length;
    hold(usage.rows === BigInt(rows), `tenant ${tenantId} counts ${usage.rows} of ${rows} rows`);
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    hold(usage.bytes === BigInt(bytes), `tenant ${tenantId} counts ${usage.bytes} of ${bytes} bytes`);
    const tasks = own(tables.rows('task')).filter(({ state }) => !isFinished(state.tag)).length;
    hold(usage.unfinishedTasks === tasks, `tenant ${tenantId} counts ${usage.unfinishedTasks} of ${tasks} tasks`);
    const unfinished = own(tables.rows('run')).filter(({ finishedAt }) => finishedAt === undefined).length;
    hold(
      usage.unfinishedRuns === unfinished,
      `tenant ${tenantId} counts ${usage.unfinishedRuns} of ${unfinished} runs`,
    );
  }
}
