import type { Command } from 'commander';
import { withTenant } from './lib/hub-options.ts';
import { count, examples, id, jsonHelp, yesHelp } from './lib/option.ts';
import { run } from './lib/run.ts';

// Graphs of steps, their runs, and the questions that runs wait on.

export function addRecipesCommands(program: Command): void {
  addRecipes(program.command('recipes').description('graphs of steps that are run as a whole'));
  addRuns(program.command('runs').description('what has become of recipes that were started'));
  addApprovals(program.command('approvals').description('questions that runs wait on'));
}

function addRecipes(recipes: Command): void {
  withTenant(recipes.command('list'))
    .description('list the recipes of a tenant')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix recipes list', 'helix recipes list --json'))
    .action((options) => run(async () => (await import('./commands/recipes.ts')).recipesList(options)));
  recipes
    .command('library')
    .description('list the recipes that come with Helix; needs no hub')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix recipes library'))
    .action((options) => run(async () => (await import('./commands/recipe-library.ts')).recipesLibrary(options)));
  recipes
    .command('new <file>')
    .description('write a recipe that comes with Helix into a new file; needs no hub')
    .requiredOption('--from <name>', 'which one: helix recipes library lists them')
    .addHelpText('after', examples('helix recipes new digest.yaml --from digest'))
    .action((file, options) =>
      run(async () => (await import('./commands/recipe-library.ts')).recipesNew(file, options)),
    );
  withTenant(recipes.command('save <file>'))
    .description('save a recipe from a .yaml, .toml or .json file, as the next version of the recipe that it names')
    .addHelpText('after', examples('helix recipes save digest.yaml'))
    .action((file, options) => run(async () => (await import('./commands/recipes.ts')).recipesSave(file, options)));
  recipes
    .command('check <file>')
    .description('say what is wrong with a file, and where; needs no hub')
    .option('--json', 'print what is wrong as JSON')
    .addHelpText('after', examples('helix recipes check digest.yaml'))
    .action((file, options) => run(async () => (await import('./commands/recipes.ts')).recipesCheck(file, options)));
  withTenant(recipes.command('run <name>'))
    .description('start a recipe by its newest version')
    .option('--input <json>', 'what it is given as {{trigger.payload}}', '{}')
    .option('--wait', 'tell its steps as they go on, and end as it does')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix recipes run digest --input \'{"feed":"https://example.org/feed"}\' --wait'))
    .action((name, options) => run(async () => (await import('./commands/recipes.ts')).recipesRun(name, options)));
  withTenant(recipes.command('show <name>'))
    .description('print the text of a recipe')
    .option('--at <number>', 'another version than the newest', count)
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix recipes show digest', 'helix recipes show digest --at 2 > digest.yaml'))
    .action((name, options) => run(async () => (await import('./commands/recipes.ts')).recipesShow(name, options)));
  withTenant(recipes.command('versions <name>'))
    .description('list the versions of a recipe')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix recipes versions digest'))
    .action((name, options) => run(async () => (await import('./commands/recipes.ts')).recipesVersions(name, options)));
  withTenant(recipes.command('diff <name>'))
    .description('show what a version changed')
    .option('--from <number>', 'the earlier version; the one before otherwise', count)
    .option('--to <number>', 'the later version; the newest otherwise', count)
    .addHelpText('after', examples('helix recipes diff digest', 'helix recipes diff digest --from 1 --to 3'))
    .action((name, options) => run(async () => (await import('./commands/recipes.ts')).recipesDiff(name, options)));
  withTenant(recipes.command('delete <name>'))
    .description('delete a recipe of which no run goes on, with all of its versions; its runs are kept')
    .option('--yes', yesHelp)
    .addHelpText('after', examples('helix recipes delete digest', 'helix recipes delete digest --yes'))
    .action((name, options) => run(async () => (await import('./commands/recipes.ts')).recipesDelete(name, options)));
  recipes
    .command('schema')
    .description('print the JSON Schema of recipes, for editors')
    .addHelpText('after', examples('helix recipes schema > recipe.schema.json'))
    .action(() => run(async () => (await import('./commands/recipes.ts')).recipesSchema()));
}

function addRuns(runs: Command): void {
  withTenant(runs.command('list'))
    .description('list runs, the newest first')
    .option('--recipe <name>', 'of one recipe')
    .option('--limit <count>', 'how many', count, 20)
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix runs list', 'helix runs list --recipe digest --limit 5'))
    .action((options) => run(async () => (await import('./commands/runs.ts')).runsList(options)));
  withTenant(runs.command('show').argument('<run>', 'its number', id))
    .description('show a run and its steps')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix runs show 12', 'helix runs show 12 --json'))
    .action((id, options) => run(async () => (await import('./commands/runs.ts')).runsShow(id, options)));
  const changes = [
    ['pause', 'begin no further steps; those under way go on'],
    ['resume', 'go on with a run that is paused'],
    ['cancel', 'end a run and everything of it that is under way; nothing is undone'],
  ] as const;
  for (const [how, description] of changes) {
    withTenant(runs.command(how).argument('<run>', 'its number', id))
      .description(description)
      .addHelpText('after', examples(`helix runs ${how} 12`))
      .action((id, options) => run(async () => (await import('./commands/runs.ts')).runsChange(how, id, options)));
  }
  withTenant(runs.command('retry').argument('<run>', 'its number', id))
    .description('take a run up again that has ended; what ended well is not done again')
    .option(
      '--from <step>',
      'a step by its path, which is done anew with all that comes after it; else where it failed',
    )
    .option('--input <json>', 'what that step is given instead')
    .addHelpText('after', examples('helix runs retry 12', "helix runs retry 12 --from 'each[3].summarise'"))
    .action((id, options) => run(async () => (await import('./commands/runs.ts')).runsRetry(id, options)));
}

function addApprovals(approvals: Command): void {
  withTenant(approvals.command('list'))
    .description('list the questions that wait for an answer')
    .option('--all', 'also those that were answered or withdrawn')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix approvals list', 'helix approvals list --all'))
    .action((options) => run(async () => (await import('./commands/approvals.ts')).approvalsList(options)));
  withTenant(approvals.command('approve').argument('<approval>', 'its number', id))
    .description('say yes, with the inputs that are asked for')
    .option('--input <json>', 'the inputs')
    .option('--note <text>', 'why', '')
    .addHelpText('after', examples('helix approvals approve 3 --input \'{"account":"savings"}\''))
    .action((id, options) =>
      run(async () => (await import('./commands/approvals.ts')).approvalsDecide(true, id, options)),
    );
  withTenant(approvals.command('reject').argument('<approval>', 'its number', id))
    .description('say no: the step that asks fails')
    .option('--note <text>', 'why', '')
    .addHelpText('after', examples('helix approvals reject 3 --note "not before Monday"'))
    .action((id, options) =>
      run(async () => (await import('./commands/approvals.ts')).approvalsDecide(false, id, options)),
    );
}
