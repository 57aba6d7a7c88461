import pc from 'picocolors';
import { tables } from '../../bindings/index.ts';
import { LimbError } from '../../limbs/index.ts';
import { findModels, Router } from '../../limbs/models/index.ts';
import { runOnHub } from '../lib/client-command.ts';
import { confirm } from '../lib/confirm.ts';
import { draftRule } from '../lib/draft-rule.ts';
import { Failure } from '../lib/failure.ts';
import { findHome } from '../lib/home.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { lineDiff } from '../lib/line-diff.ts';
import { ruleTemplate } from '../lib/rule-reference.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine, printable } from '../lib/terminal.ts';
import { askProcedure, rehearsalText, rulesOf } from './rules.ts';

/** Has the configured model write a rule from words; shows what it changes and would have done, and saves it when that is wanted. */
export async function rulesNew(words: string, options: HubOptions & { readonly yes?: boolean }): Promise<void> {
  if (words.trim() === '') throw new Failure('Say in words what the rule is to do');
  const { limb } = findHome();
  const config = await findModels(process.env, limb.config).catch(asFailure);
  const router = new Router(config);
  try {
    const model = router.reason();
    if (!model) {
      console.log(ruleTemplate(words).trimEnd());
      throw new Failure(
        'No language model is configured, which would write the rule: `helix setup` adds one. Above is a template instead; change it, then: helix rules test rule.yaml, helix rules save rule.yaml',
      );
    }
    await runOnHub(options, async (hub, signal) => {
      const tenantId = await findTenant(hub);
      const { procedures, reducers } = hub.connection;
      const check = (text: string) => askProcedure(procedures.checkRule({ tenantId, text }), hub);
      console.error(pc.dim(`${oneLine(model.name)} writes a rule …`));
      const text = await draftRule({
        words,
        model,
        signal,
        check: async (draft) => (await check(draft)).problems,
        onRefused: (attempt, problems) =>
          console.error(pc.dim(`Try ${attempt} is refused: ${oneLine(problems[0]?.message ?? '')}`)),
      }).catch(asFailure);
      const { name } = await check(text);
      console.log(changes(await textOf(hub, tenantId, name), text));
      console.log(rehearsalText(await askProcedure(procedures.rehearse({ tenantId, text, eventsMax: 0 }), hub)));
      if (!options.yes && !(await confirm(`Save the rule ${oneLine(name)}?`, '--yes'))) {
        throw new Failure('Nothing was saved');
      }
      await call(hub, reducers.saveRule({ tenantId, text }));
      console.log(`${oneLine(name)} is saved. It takes events after \`helix rules activate "${oneLine(name)}"\`.`);
    });
  } finally {
    await router.close();
  }
}

/** The newest text of the rule of this name; none when it is new. */
async function textOf(hub: Hub, tenantId: bigint, name: string): Promise<string | undefined> {
  const rule = (await rulesOf(hub, tenantId)).find((row) => row.name === name);
  if (!rule) return undefined;
  await subscribe(hub, [tables.ruleVersions.where((row) => row.ruleId.eq(rule.id))]);
  return [...hub.connection.db.ruleVersions.iter()].find(({ version }) => version === rule.version)?.text;
}

function changes(before: string | undefined, text: string): string {
  const now = printable(text).trimEnd();
  const lines =
    before === undefined ? now.split('\n').map((line) => `+${line}`) : lineDiff(printable(before).trimEnd(), now);
  return lines
    .map((line) => (line.startsWith('+') ? pc.green(line) : line.startsWith('-') ? pc.red(line) : line))
    .join('\n');
}

function asFailure(error: unknown): never {
  if (error instanceof LimbError) throw new Failure(error.message, { cause: error });
  throw error;
}
