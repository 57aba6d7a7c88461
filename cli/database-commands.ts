import { type Command, Option } from 'commander';
import { withHistory } from './lib/history.ts';
import { withLimits } from './lib/limits.ts';
import { address, count, examples, note } from './lib/option.ts';
import { run } from './lib/run.ts';

// The commands of somebody who writes a module of their own: they speak to any server of databases.

export function addDatabaseCommands(program: Command): void {
  addModules(program);
  addDatabases(program);
}

/** From a module's source to a database. */
function addModules(program: Command): void {
  const hub = program.command('hub').description('run a hub by itself');
  withLimits(withHistory(hub.command('start')))
    .description('host a module: its tables, reducers and views, over HTTP and WebSocket')
    .requiredOption('--module <entry.ts>', "the module's entry file, TypeScript or JavaScript")
    .requiredOption('--name <database>', 'name of the database')
    .option('--data <folder>', 'where the log, the snapshots and the keys are kept', '.helix/modules')
    .addOption(listenOption())
    .addHelpText('after', examples('helix hub start --module src/index.ts --name chat --data ./data'))
    .action((options) => run(async () => (await import('./commands/hub-start.ts')).hubStart(options)));

  program
    .command('dev')
    .description('serve a module while it is being written: each change is live at once, with its rows kept')
    .requiredOption('--module <entry.ts>', "the module's entry file, TypeScript or JavaScript")
    .requiredOption('--name <database>', 'name of the database')
    .option('--out <folder>', 'where the TypeScript client is written (default: it is not)')
    .option('--data <folder>', 'where the rows are kept (default: .helix/dev, or dev in HELIX_HOME)')
    .addOption(listenOption())
    .option('--server <url>', 'publish to this running server instead of serving the module here')
    .option('--token-file <file>', 'file with the token to publish with, with --server')
    .option('--break-clients', 'do not ask before an update that ends the connections of older clients')
    .addHelpText(
      'after',
      examples(
        'helix dev --module src/module.ts --name chat --out src/bindings',
        'helix dev --module m.ts --name chat',
      ),
    )
    .action((options) => run(async () => (await import('./commands/dev.ts')).dev(options)));

  program
    .command('generate')
    .description('write the TypeScript client of a module')
    .requiredOption('--module <entry.ts>', "the module's entry file")
    .requiredOption('--out <folder>', 'where the client is written')
    .option('--check', 'write nothing; fail when a file is stale and name it')
    .addHelpText('after', examples('helix generate --module hub/index.ts --out bindings'))
    .action((options) => run(async () => (await import('./commands/generate.ts')).generate(options)));

  withServer(program.command('publish <name>'))
    .description('publish a module as a database, or update it with its rows kept')
    .requiredOption('--module <entry.ts>', "the module's entry file, TypeScript or JavaScript")
    .option('--clear', 'delete all of its rows first')
    .option('--break-clients', 'agree to an update that ends the connections of clients with older bindings')
    .option('--yes', 'ask nothing')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      examples('helix publish chat --module src/module.ts', 'helix publish chat --module src/module.ts --clear --yes'),
    )
    .action((name, options) => run(async () => (await import('./commands/publish.ts')).publish(name, options)));
}

/** What is asked of a database that is there. */
function addDatabases(program: Command): void {
  withDatabase(program.command('call <function> [arguments...]'))
    .description('call a reducer or a procedure; arguments are JSON, and text needs no quotes')
    .addHelpText('after', note('Put -- before an argument that begins with a dash: `helix call -- add -1`.'))
    .addHelpText('after', examples('helix call send "Hello"', `helix call move 7 '{"x": 1, "y": 2}'`))
    .action((name, args, options) => run(async () => (await import('./commands/call.ts')).call(name, args, options)));

  withDatabase(program.command('sql <query>'))
    .description('run SQL and print the rows')
    .option('--json', 'print rows as JSON objects; integers of 64 bits and more are strings')
    .addHelpText('after', examples('helix sql "SELECT * FROM message"', 'helix sql --json "SELECT id FROM message"'))
    .action((query, options) => run(async () => (await import('./commands/sql.ts')).sql(query, options)));

  withDatabase(program.command('logs'))
    .description("print the newest lines of a database's log")
    .option('-n, --lines <count>', 'how many lines', count, 50)
    .option('--follow', 'stay, and print each line that is added')
    .option('--json', 'print lines as JSON')
    .addHelpText('after', examples('helix logs', 'helix logs --follow -n 10'))
    .action((options) => run(async () => (await import('./commands/logs.ts')).logs(options)));

  withDatabase(program.command('describe'))
    .description('show the tables, views, reducers and procedures of a database')
    .option('--json', "print the module's whole definition as JSON")
    .addHelpText('after', examples('helix describe', 'helix describe --database chat --json'))
    .action((options) => run(async () => (await import('./commands/describe.ts')).describe(options)));

  withServer(program.command('dashboard'))
    .description(
      'make a one-time sign-in link for the dashboard: tables, SQL, calls, logs and clients of your databases',
    )
    .addHelpText('after', examples('helix dashboard', 'helix dashboard --server http://hub.example:3000'))
    .action((options) => run(async () => (await import('./commands/dashboard.ts')).dashboard(options)));

  withServer(program.command('list'))
    .description('list your databases')
    .option('--json', 'print them as JSON')
    .addHelpText('after', examples('helix list', 'helix list --server http://hub.example:3000'))
    .action((options) => run(async () => (await import('./commands/list.ts')).list(options)));

  withServer(program.command('delete <name>'))
    .description('delete a database with all of its rows')
    .option('--yes', 'ask nothing')
    .addHelpText('after', examples('helix delete chat', 'helix delete chat --yes'))
    .action((name, options) => run(async () => (await import('./commands/delete.ts')).deleteDatabase(name, options)));
}

function listenOption(): Option {
  return new Option('--listen <host:port>', 'address to listen on')
    .argParser(address)
    .default({ host: '127.0.0.1', port: 3000 }, '127.0.0.1:3000');
}

const group = 'Which server, and as whom:';

/** The options of every command that talks to a server of databases. */
function withServer(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--server <url>',
        'address of the server (default: HELIX_HUB, the one that runs here, or http://127.0.0.1:3000)',
      ).helpGroup(group),
    )
    .addOption(
      new Option(
        '--token-file <file>',
        'file with your token (default: HELIX_TOKEN_FILE, the owner of the server that runs here, or an identity of your own)',
      ).helpGroup(group),
    );
}

function withDatabase(command: Command): Command {
  return withServer(
    command.addOption(
      new Option(
        '--database <name>',
        'which database (default: HELIX_DATABASE, the one that runs here, or the only one you own)',
      ).helpGroup(group),
    ),
  );
}
