import { type Command, Option } from 'commander';
import { withTenant } from './lib/hub-options.ts';
import { count, examples, jsonHelp, list, note, port, seconds, time, wholeNumber, yesHelp } from './lib/option.ts';
import { run } from './lib/run.ts';

export function addLimbCommands(program: Command): void {
  const limb = program.command('limb').description('run a limb by itself, and manage the limbs of a tenant');
  limb
    .command('start')
    .description('connect this machine to a hub as a limb and work on its tasks')
    .option('--hub <url>', 'address of the hub (default: HELIX_HUB, or the hub that runs here)')
    .addOption(
      new Option('--pair <code>', 'one-time pairing code, for a limb that has no identity yet').env('HELIX_PAIR_CODE'),
    )
    .option('--name <name>', 'what the limb is called (default: the name of this machine)')
    .option('--skills <list>', 'the skills to offer, separated by commas (default: all that work here)', list)
    .option('--capacity <count>', 'how many tasks to work on at once', count, 2)
    .option('--health-port <port>', 'serve /healthz and /metrics on this port of 127.0.0.1 (default: none)', port)
    .option('--tunnel <name>', 'keep this tunnel up as well, for as long as the limb runs: see `helix tunnel`')
    .option('--drain <seconds>', 'how long running tasks may go on after SIGTERM; a second one ends them', seconds, 3)
    .addOption(
      new Option('--log-format <format>', 'lines for a person or JSON (default: text on a terminal, else json)')
        .choices(['text', 'json'])
        .env('HELIX_LOG'),
    )
    .addHelpText('after', note('Other users of this machine may see what stands in a command; a variable they do not.'))
    .addHelpText(
      'after',
      examples(
        'helix limb start --hub http://hub.example:3000 --pair ABCD-…',
        'HELIX_PAIR_CODE=ABCD-… helix limb start --hub http://hub.example:3000',
      ),
    )
    .action((options) => run(async () => (await import('./commands/limb-start.ts')).limbStart(options)));

  withTenant(limb.command('invite'))
    .description('make a one-time pairing code for a limb on another machine')
    .addHelpText('after', examples('helix limb invite'))
    .action((options) => run(async () => (await import('./commands/limb-invite.ts')).limbInvite(options)));

  limb
    .command('egress')
    .description(
      "show what this machine's limb has sent, to its hub, to models and to the web, and check the journal of it",
    )
    .option('--limit <count>', 'how many of the newest messages to list', count, 20)
    .option('--since <time>', 'only what was sent since then, such as 2026-11-21 or 2026-11-21T10:00Z', time)
    .option('--task <id>', 'only what was sent for one task')
    .option('--json', 'print every message whole, one JSON object a line')
    .addHelpText(
      'after',
      examples('helix limb egress', 'helix limb egress --task 17', 'helix limb egress --json | jq .'),
    )
    .action((options) => run(async () => (await import('./commands/limb-egress.ts')).limbEgress(options)));

  addLimbs(limb);
}

function addLimbs(limb: Command): void {
  withTenant(limb.command('list'))
    .description('list the limbs of the tenant: who is here, what they can do, and what they do')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix limb list', 'helix limb list --json'))
    .action((options) => run(async () => (await import('./commands/limbs.ts')).limbList(options)));
  withTenant(limb.command('rights <limb>'))
    .description('say what a limb may do here, or show it without options; the limb by name or Identity')
    .addOption(new Option('--skills <list>', 'the skills it may offer, separated by commas').argParser(list))
    .addOption(new Option('--all-skills', 'it may offer all that it has').conflicts('skills'))
    .option('--capacity <count>', 'the most tasks it may have at once; 0 for as many as it can', wholeNumber)
    .option('--json', jsonHelp)
    .addHelpText(
      'after',
      examples('helix limb rights box --skills reason,recall', 'helix limb rights box --capacity 2'),
    )
    .action((name, options) => run(async () => (await import('./commands/limbs.ts')).limbRights(name, options)));
  withTenant(limb.command('labels <limb> [label...]'))
    .description('say which labels a limb has, or show them when none is given; tasks may ask for labels')
    .option('--none', 'take all labels away')
    .option('--json', jsonHelp)
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
    .option('--yes', yesHelp)
    .addHelpText('after', examples('helix limb revoke box', 'helix limb revoke box --yes'))
    .action((name, options) => run(async () => (await import('./commands/limbs.ts')).limbRevoke(name, options)));
}
