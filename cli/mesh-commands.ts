import { type Command, Option } from 'commander';
import { withHub, withTenant } from './lib/hub-options.ts';
import { amount, count, examples, list, taskId, wholeNumber } from './lib/option.ts';
import { run } from './lib/run.ts';

// Who works in a tenant, with what rights, and what may be spent there.

const json = 'print as JSON; integers of 64 bits are strings';
const yes = 'do not ask';

export function addMeshCommands({ program, limb, tasks }: Record<'program' | 'limb' | 'tasks', Command>): void {
  addTenants(program.command('tenants').description('the tenants that you are a member of'));
  addMembers(program.command('members').description('the members of a tenant and their roles'));
  addLimbs(limb);
  addBudgets(program.command('budget').description('what may be spent in a tenant'));
  addTasks(tasks);
}

function addTenants(tenants: Command): void {
  withHub(tenants.command('list'))
    .description('list the tenants that you are a member of, and which one commands are about')
    .option('--json', json)
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
    .option('--json', json)
    .addHelpText('after', examples('helix tenants limits', 'helix tenants limits --tasks 500 --keep-days 90'))
    .action((options) => run(async () => (await import('./commands/tenant-limits.ts')).tenantLimits(options)));
  withHub(tenants.command('join <code>'))
    .description('become a member of a further tenant by the code of an invite')
    .requiredOption('--name <name>', 'what you are called there')
    .addHelpText('after', examples('helix tenants join ABCD-EFGH-… --name Ada'))
    .action((code, options) => run(async () => (await import('./commands/tenants.ts')).tenantsJoin(code, options)));
}

function addMembers(members: Command): void {
  const roles = ['owner', 'operator', 'viewer'];
  withTenant(members.command('list'))
    .description('list the members, their roles and since when they are there')
    .option('--json', json)
    .addHelpText('after', examples('helix members list', 'helix members list --tenant "Field team" --json'))
    .action((options) => run(async () => (await import('./commands/members.ts')).membersList(options)));
  withTenant(members.command('invite'))
    .description('make a one-time link by which somebody becomes a member in the next 15 minutes')
    .addOption(new Option('--role <role>', 'what the new member may do').choices(roles).default('operator'))
    .addHelpText('after', examples('helix members invite', 'helix members invite --role viewer'))
    .action((options) => run(async () => (await import('./commands/link.ts')).link(options)));
  withTenant(members.command('role <member>'))
    .addArgument(members.createArgument('<role>', 'what the member may do from now on').choices(roles))
    .description('give a member another role; the member by name or Identity')
    .addHelpText('after', examples('helix members role Ada operator'))
    .action((member, role, options) =>
      run(async () => (await import('./commands/members.ts')).membersRole(member, role, options)),
    );
  withTenant(members.command('remove <member>'))
    .description('take a member out of the tenant; the tasks of the member stay')
    .option('--yes', yes)
    .addHelpText('after', examples('helix members remove Ada', 'helix members remove Ada --yes'))
    .action((member, options) =>
      run(async () => (await import('./commands/members.ts')).membersRemove(member, options)),
    );
  withTenant(members.command('leave'))
    .description('leave the tenant yourself; its last owner cannot')
    .option('--yes', yes)
    .addHelpText('after', examples('helix members leave --tenant "Field team"'))
    .action((options) => run(async () => (await import('./commands/members.ts')).membersLeave(options)));
}

function addLimbs(limb: Command): void {
  withTenant(limb.command('list'))
    .description('list the limbs of the tenant: who is here, what they can do, and what they do')
    .option('--json', json)
    .addHelpText('after', examples('helix limb list', 'helix limb list --json'))
    .action((options) => run(async () => (await import('./commands/limbs.ts')).limbList(options)));
  withTenant(limb.command('rights <limb>'))
    .description('say what a limb may do here, or show it without options; the limb by name or Identity')
    .addOption(new Option('--skills <list>', 'the skills it may offer, separated by commas').argParser(list))
    .addOption(new Option('--all-skills', 'it may offer all that it has').conflicts('skills'))
    .option('--capacity <count>', 'the most tasks it may have at once; 0 for as many as it can', wholeNumber)
    .option('--json', json)
    .addHelpText(
      'after',
      examples('helix limb rights box --skills reason,recall', 'helix limb rights box --capacity 2'),
    )
    .action((name, options) => run(async () => (await import('./commands/limbs.ts')).limbRights(name, options)));
  withTenant(limb.command('labels <limb> [label...]'))
    .description('say which labels a limb has, or show them when none is given; tasks may ask for labels')
    .option('--none', 'take all labels away')
    .option('--json', json)
    .addHelpText('after', examples('helix limb labels box gpu eu', 'helix limb labels box --none'))
    .action((name, labels, options) =>
      run(async () => (await import('./commands/limbs.ts')).limbLabels(name, labels, options)),
    );
  withTenant(limb.command('drain <limb>'))
    .description('let a limb finish what it holds and give it nothing further, also after it was started anew')
    .option('--undo', 'give it tasks again')
    .addHelpText('after', examples('helix limb drain box', 'helix limb drain box --undo'))
    .action((name, options) => run(async () => (await import('./commands/limbs.ts')).limbDrain(name, options)));
  withTenant(limb.command('revoke <limb>'))
    .description('take a limb out of the tenant at once; what it works on goes to others')
    .option('--yes', yes)
    .addHelpText('after', examples('helix limb revoke box', 'helix limb revoke box --yes'))
    .action((name, options) => run(async () => (await import('./commands/limbs.ts')).limbRevoke(name, options)));
}

function addBudgets(budget: Command): void {
  withTenant(budget.command('show'))
    .description('show what may be spent, what was spent in the period, and what is set aside for work that goes on')
    .option('--json', json)
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

function addTasks(tasks: Command): void {
  // What follows the name of a command below is that command's own, also where both have an option of this name.
  tasks.enablePositionalOptions();
  const inherited = { showGlobalOptions: false };
  withTenant(tasks.command('redrive').configureHelp(inherited))
    .argument('[task...]', 'numbers of failed or dead tasks', taskId)
    .description('queue failed and dead tasks again, with all of their attempts before them')
    .option('--all', 'all dead tasks of the tenant')
    .addHelpText('after', examples('helix tasks redrive 12 13', 'helix tasks redrive --all'))
    .action((ids, options) => run(async () => (await import('./commands/tasks-change.ts')).tasksRedrive(ids, options)));
  withHub(tasks.command('cancel').configureHelp(inherited))
    .argument('<task...>', 'numbers of tasks that have not ended', taskId)
    .description('cancel tasks and their parts; what runs is stopped at once')
    .addHelpText('after', examples('helix tasks cancel 12', 'helix tasks cancel 12 13 14'))
    .action((ids, options) => run(async () => (await import('./commands/tasks-change.ts')).tasksCancel(ids, options)));
}
