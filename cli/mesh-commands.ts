import { type Command, Option } from 'commander';
import { withHub, withTenant } from './lib/hub-options.ts';
import { amount, count, examples, jsonHelp, note, time, wholeNumber, yesHelp } from './lib/option.ts';
import { run } from './lib/run.ts';

// Who may do what in a tenant, what may be spent there, and what was done.

export function addMeshCommands(program: Command): void {
  withTenant(program.command('link'))
    .description('make a one-time sign-in link for the web app')
    .addOption(
      new Option('--role <role>', 'what whoever opens it may do')
        .choices(['owner', 'operator', 'viewer'])
        .default('owner'),
    )
    .addHelpText('after', examples('helix link', 'helix link --role viewer'))
    .action((options) => run(async () => (await import('./commands/link.ts')).link(options)));

  addTenants(program.command('tenants').description('the tenants that you are a member of'));
  addMembers(program.command('members').description('the members of a tenant and their roles'));
  addBudgets(program.command('budget').description('what may be spent in a tenant'));

  withHub(program.command('audit'))
    .description('show who did what and when in the tenants that you own, the newest first')
    .option('--since <time>', 'only what happened since then, such as 2026-11-21 or 2026-11-21T10:00Z', time)
    .option('--until <time>', 'only what happened until then', time)
    .option(
      '--by <name>',
      'only what this member or limb did, by its name or Identity; "the hub" for what it did itself',
    )
    .option('--action <name>', 'only one kind of action, such as submit_task')
    .option('--task <id>', 'only what concerns one task', count)
    .option('--limit <count>', 'how many entries (default: 50; with --export all)', count)
    .addOption(new Option('--json', 'print one JSON object a line').conflicts('export'))
    .option('--export <file.jsonl>', 'write them to a new file, one JSON object a line')
    .addHelpText('after', note('Times are UTC. Inputs, results, codes and tokens are never part of it.'))
    .addHelpText(
      'after',
      examples('helix audit --since 2026-11-21', 'helix audit --task 12', 'helix audit --export november.jsonl'),
    )
    .action((options) => run(async () => (await import('./commands/audit.ts')).audit(options)));
}

function addTenants(tenants: Command): void {
  withHub(tenants.command('list'))
    .description('list the tenants that you are a member of, and which one commands are about')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix tenants list'))
    .action((options) => run(async () => (await import('./commands/tenants.ts')).tenantsList(options)));
  withHub(tenants.command('create <name>'))
    .description('make a tenant that you own; only who owns one already may')
    .addHelpText('after', examples('helix tenants create "Field team"'))
    .action((name, options) => run(async () => (await import('./commands/tenants.ts')).tenantsCreate(name, options)));
  withHub(tenants.command('use <tenant>'))
    .description('choose the tenant that commands are about on this hub, by its name or number')
    .addHelpText('after', examples('helix tenants use "Field team"', 'helix tenants use 2'))
    .action((tenant, options) => run(async () => (await import('./commands/tenants.ts')).tenantsUse(tenant, options)));
  withTenant(tenants.command('limits'))
    .description('show or set what a tenant may have at most, and how long its finished tasks are kept')
    .option('--tasks <count>', 'unfinished tasks; 0 for the default of the hub', wholeNumber)
    .option('--rows <count>', 'rows; 0 for the default of the hub', wholeNumber)
    .option('--bytes <count>', 'bytes of its rows; 0 for the default of the hub', wholeNumber)
    .option('--keep-days <days>', 'days until only the daily totals of a finished task are left; 0 for 30', wholeNumber)
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix tenants limits', 'helix tenants limits --tasks 500 --keep-days 90'))
    .action((options) => run(async () => (await import('./commands/tenant-limits.ts')).tenantLimits(options)));
  withTenant(tenants.command('time-zone [zone]'))
    .description(
      'show or set by which clocks new schedules, quiet hours and rules that fire once a day go; UTC until it is set',
    )
    .addHelpText('after', examples('helix tenants time-zone', 'helix tenants time-zone Europe/Berlin'))
    .action((zone, options) =>
      run(async () => (await import('./commands/tenant-time-zone.ts')).tenantTimeZone(zone, options)),
    );
  withHub(tenants.command('join <invite>'))
    .description('become a member of a tenant by the link or the code of an invite, also on a hub elsewhere')
    .requiredOption('--name <name>', 'what you are called there')
    .addHelpText(
      'after',
      note(
        'At a hub elsewhere you become somebody new, whose token is kept for you: further commands need --hub alone.',
      ),
    )
    .addHelpText(
      'after',
      examples(
        "helix tenants join 'https://hub.example.org/#code=ABCD-EFGH-…' --name Ada",
        'helix tenants join ABCD-EFGH-… --name Ada',
      ),
    )
    .action((invite, options) => run(async () => (await import('./commands/tenants.ts')).tenantsJoin(invite, options)));
}

function addMembers(members: Command): void {
  const roles = ['owner', 'operator', 'viewer'];
  withTenant(members.command('list'))
    .description('list the members, their roles and since when they are there')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix members list', 'helix members list --tenant "Field team" --json'))
    .action((options) => run(async () => (await import('./commands/members.ts')).membersList(options)));
  withTenant(members.command('invite'))
    .description('make a one-time link by which somebody becomes a member in the next 15 minutes')
    .addOption(new Option('--role <role>', 'what the new member may do').choices(roles).default('operator'))
    .addHelpText('after', examples('helix members invite', 'helix members invite --role viewer'))
    .action((options) => run(async () => (await import('./commands/link.ts')).link(options)));
  withTenant(members.command('invites'))
    .description('list the invites that are open, those of limbs too, by the beginning of their codes')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix members invites'))
    .action((options) => run(async () => (await import('./commands/invites.ts')).invitesList(options)));
  withTenant(members.command('withdraw <invite>'))
    .description('close an invite that nobody has used; by its link, its code or the first letters of that')
    .addHelpText('after', examples('helix members withdraw ABCD'))
    .action((invite, options) =>
      run(async () => (await import('./commands/invites.ts')).invitesWithdraw(invite, options)),
    );
  withTenant(members.command('role'))
    .argument('<member>', 'by name or Identity')
    .addArgument(members.createArgument('<role>', 'what the member may do from now on').choices(roles))
    .description('give a member another role')
    .addHelpText('after', examples('helix members role Ada operator'))
    .action((member, role, options) =>
      run(async () => (await import('./commands/members.ts')).membersRole(member, role, options)),
    );
  withTenant(members.command('remove <member>'))
    .description('take a member out of the tenant; the tasks of the member stay')
    .option('--yes', yesHelp)
    .addHelpText('after', examples('helix members remove Ada', 'helix members remove Ada --yes'))
    .action((member, options) =>
      run(async () => (await import('./commands/members.ts')).membersRemove(member, options)),
    );
  withTenant(members.command('leave'))
    .description('leave the tenant yourself; its last owner cannot')
    .option('--yes', yesHelp)
    .addHelpText('after', examples('helix members leave --tenant "Field team"'))
    .action((options) => run(async () => (await import('./commands/members.ts')).membersLeave(options)));
}

function addBudgets(budget: Command): void {
  withTenant(budget.command('show'))
    .description('show what may be spent, what was spent in the period, and what is set aside for work that goes on')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix budget show'))
    .action((options) => run(async () => (await import('./commands/budget.ts')).budgetShow(options)));
  withTenant(budget.command('set'))
    .description('set what may be spent: of the whole tenant, by one member, or by a task and its parts')
    .addArgument(budget.createArgument('<unit>', 'what is bounded').choices(['tokens', 'money', 'seconds']))
    .argument(
      '<amount>',
      'the most in a period, such as 100000 or, of money, 12.50; `none` takes the bound away',
      amount,
    )
    .addOption(
      new Option('--per <period>', 'by the day and month of UTC').choices(['day', 'month', 'total']).default('month'),
    )
    .addOption(
      new Option('--member <member>', 'only what this member has submitted; by name or Identity').conflicts('task'),
    )
    .option('--task <id>', 'only this task and its parts; the first of its tree', count)
    .addHelpText(
      'after',
      examples(
        'helix budget set tokens 2000000',
        'helix budget set money 12.50 --per day --member Ada',
        'helix budget set seconds none --per total',
      ),
    )
    .action((unit, most, options) =>
      run(async () => (await import('./commands/budget.ts')).budgetSet(unit, most, options)),
    );
  withTenant(budget.command('exhausted'))
    .description('say what limbs do when a budget is used up: stop, or go on with a cheaper model')
    .addArgument(budget.createArgument('<policy>', 'what they do').choices(['stop', 'downgrade']))
    .addHelpText('after', examples('helix budget exhausted downgrade'))
    .action((policy, options) =>
      run(async () => (await import('./commands/budget.ts')).budgetExhausted(policy, options)),
    );
}
