import { type Command, InvalidArgumentError } from 'commander';
import { count, examples } from './lib/option.ts';
import { run } from './lib/run.ts';

// The commands of an operator: they work on a data folder, whether its hub runs or not.

export function addDataCommands(program: Command): void {
  const log = program.command('log').description('look into the history of a database');
  withData(log.command('show'))
    .description('print who called what and when, and what it changed')
    .option('--database <name>', 'which database (default: the only one)')
    .option('--from <offset>', 'the first commit to print', offset, 0)
    .option('--limit <count>', 'how many commits (default: all)', count)
    .option('--rows', 'print the rows as well')
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      examples('helix log show', 'helix log show --from 1200 --limit 20 --rows', 'helix log show --json --rows'),
    )
    .action((options) => run(async () => (await import('./commands/log.ts')).logShow(options)));
  withData(log.command('verify'))
    .description('check every byte of the history: a change of any commit is noticed')
    .option('--database <name>', 'which database (default: all)')
    .addHelpText('after', examples('helix log verify', 'helix log verify --data ./data --database chat'))
    .action((options) => run(async () => (await import('./commands/log.ts')).logVerify(options)));

  withData(program.command('check'))
    .description('verify everything in a data folder by replaying it: logs, snapshots, rows')
    .addHelpText('after', examples('helix check', 'helix check --data ./data'))
    .action((options) => run(async () => (await import('./commands/check.ts')).check(options)));

  withData(program.command('backup <target>'))
    .description(
      'copy everything, verified and with checksums, into a new folder or a .tar, .tar.gz or .tgz file; the hub may run',
    )
    .addHelpText('after', examples('helix backup /mnt/backups/monday', 'helix backup /mnt/backups/monday.tar.gz'))
    .action((target, options) => run(async () => (await import('./commands/backup.ts')).backup(target, options)));

  program
    .command('restore <backup>')
    .description('make a new data folder of a backup, as it was or as it had been at an earlier moment')
    .option('--data <folder>', 'a new folder, where it is made (default: the one of the hub in HELIX_HOME)')
    .option('--at <moment>', 'the last commit to keep: an offset, or a time such as 2026-01-31T12:00:00Z')
    .addHelpText('after', examples('helix restore /mnt/backups/monday --data ./restored --at 2026-01-31T12:00:00Z'))
    .action((backup, options) => run(async () => (await import('./commands/restore.ts')).restore(backup, options)));

  withData(program.command('fork <name>'))
    .description('make a second database from a past state of one, to look or to try')
    .option('--database <name>', 'which database to fork (default: the only one)')
    .option('--at <moment>', 'the last commit to keep: an offset, or a time (default: all of them)')
    .addHelpText('after', examples('helix fork yesterday --at 2026-01-30T18:00:00Z', 'helix fork trial'))
    .action((name, options) => run(async () => (await import('./commands/fork.ts')).fork(name, options)));
}

function withData(command: Command): Command {
  return command.option(
    '--data <folder>',
    "the hub's data folder (default: the one in HELIX_HOME, or of the only server that keeps rows here)",
  );
}

function offset(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected an offset: a whole number from 0.');
  return Number(text);
}
