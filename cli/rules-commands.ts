import type { Command } from 'commander';
import { withTenant } from './lib/hub-options.ts';
import { count, examples, jsonHelp, note, yesHelp } from './lib/option.ts';
import { run } from './lib/run.ts';

// What events do when they come together.

/** Adds the commands under `helix rules`. */
export function addRules(rules: Command): void {
  addTexts(rules);
  addChanges(rules);
}

/** Of the texts that rules are written in. */
function addTexts(rules: Command): void {
  withTenant(rules.command('list'))
    .description('list the rules, what is active of them, and how often they fired')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix rules list'))
    .action((options) => run(async () => (await import('./commands/rules.ts')).rulesList(options)));
  withTenant(rules.command('show'))
    .argument('<rule>', 'its name or number')
    .argument('[version]', 'number of a version (default: the newest)', count)
    .description('print the text of a rule')
    .addHelpText('after', examples('helix rules show "many failed logins" > rule.yaml'))
    .action((rule, version, options) =>
      run(async () => (await import('./commands/rules.ts')).rulesShow(rule, version, options)),
    );
  withTenant(rules.command('new <words>'))
    .description('have the configured language model write a rule from words; shows it and what it would have done')
    .option('--yes', 'save it without asking')
    .addHelpText('after', note('Without a language model it prints a template to start from.'))
    .addHelpText('after', examples('helix rules new "when a build fails twice in an hour, tell me"'))
    .action((words, options) => run(async () => (await import('./commands/rules-new.ts')).rulesNew(words, options)));
  withTenant(rules.command('save <file>'))
    .description(
      'keep a text, in YAML or JSON, as the newest version of the rule that it names; - reads standard input',
    )
    .option('--activate', 'and let it take events')
    .addHelpText('after', examples('helix rules save rule.yaml', 'helix rules save rule.yaml --activate'))
    .action((file, options) => run(async () => (await import('./commands/rules.ts')).rulesSave(file, options)));
  withTenant(rules.command('check <file>'))
    .description('say what is wrong with the text of a rule, and where')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix rules check rule.yaml'))
    .action((file, options) => run(async () => (await import('./commands/rules.ts')).rulesCheck(file, options)));
  withTenant(rules.command('test <file>'))
    .description('rehearse the text of a rule with the events that are kept: what it would have done, and cost')
    .option('--events <count>', 'only with so many of the newest, at most 10000', count)
    .option('--json', jsonHelp)
    .addHelpText('after', note('Nothing is done: no task, no event, no notification.'))
    .addHelpText('after', examples('helix rules test rule.yaml', 'helix rules test rule.yaml --events 1000 --json'))
    .action((file, options) => run(async () => (await import('./commands/rules.ts')).rulesTest(file, options)));
  rules
    .command('schema')
    .description('print the JSON Schema of rules, for editors')
    .addHelpText('after', examples('helix rules schema > rule.schema.json'))
    .action(() => run(async () => (await import('./commands/rules.ts')).rulesSchema()));
}

/** Of what is active, and why. */
function addChanges(rules: Command): void {
  withTenant(rules.command('activate'))
    .argument('<rule>', 'its name or number')
    .argument('[version]', 'number of a version (default: the newest)', count)
    .description('let a version of a rule take every event from now on; its tasks are your work')
    .addHelpText('after', examples('helix rules activate "many failed logins"'))
    .action((rule, version, options) =>
      run(async () => (await import('./commands/rules.ts')).rulesActivate(rule, version, options)),
    );
  withTenant(rules.command('deactivate <rule>'))
    .description('let a rule take no more events; what it remembers is forgotten')
    .addHelpText('after', examples('helix rules deactivate 3'))
    .action((rule, options) => run(async () => (await import('./commands/rules.ts')).rulesDeactivate(rule, options)));
  withTenant(rules.command('delete <rule>'))
    .description('delete a rule with all of its versions; what it did stays')
    .option('--yes', yesHelp)
    .addHelpText('after', examples('helix rules delete 3 --yes'))
    .action((rule, options) => run(async () => (await import('./commands/rules.ts')).rulesDelete(rule, options)));
  withTenant(rules.command('why'))
    .argument('<event>', 'number of the event', count)
    .argument('[rule...]', 'names or numbers of rules; all of them without one')
    .description(
      'explain why rules fired with an event, or did not: the first condition that failed, and what was seen',
    )
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix rules why 17', 'helix rules why 17 "many failed logins"'))
    .action((event, names, options) =>
      run(async () => (await import('./commands/rules.ts')).rulesWhy(event, names, options)),
    );
}
