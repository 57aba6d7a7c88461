import { Argument, Command, Option } from 'commander';
import { version } from '../package.json';
import { addDataCommands } from './data-commands.ts';
import { addDatabaseCommands } from './database-commands.ts';
import { addEventsCommands } from './events-commands.ts';
import { withHistory } from './lib/history.ts';
import { withHub, withTenant } from './lib/hub-options.ts';
import { withLimits } from './lib/limits.ts';
import { address, collect, count, examples, list, port, seconds, time } from './lib/option.ts';
import { run } from './lib/run.ts';
import { addMemoryCommands } from './memory-commands.ts';
import { addMeshCommands } from './mesh-commands.ts';
import { addModelsCommands } from './models-commands.ts';
import { addRecipesCommands } from './recipes-commands.ts';
import { addTunnelCommands } from './tunnel-commands.ts';

// Each command's code is loaded when it runs, so that `--help` answers at once.

const program = new Command('helix')
  .description('A self-hosted agent mesh on a reactive state machine: the hub decides, limbs act, faces watch.')
  .version(version)
  .showHelpAfterError('Add --help for usage.')
  .configureHelp({ showGlobalOptions: true });

withLimits(withHistory(program.command('start')))
  .description('start the hub, its web face and one limb on this machine')
  .option('--port <port>', 'port of the hub and the web face', port, 3000)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .addHelpText('after', '\nData is kept in .helix/ under this folder, or in HELIX_HOME.\n')
  .addHelpText('after', examples('helix start', 'helix start --port 8080', 'HELIX_HOME=/srv/helix helix start'))
  .action((options) => run(async () => (await import('./commands/start.ts')).start(options)));

const hub = program.command('hub').description('run a hub by itself');
withLimits(withHistory(hub.command('start')))
  .description('host a module: its tables, reducers and views, over HTTP and WebSocket')
  .requiredOption('--module <entry.ts>', "the module's entry file, TypeScript or JavaScript")
  .requiredOption('--name <database>', 'name of the database')
  .option('--data <folder>', 'where the log, the snapshots and the keys are kept', '.helix/modules')
  .addOption(
    new Option('--listen <host:port>', 'address to listen on')
      .argParser(address)
      .default({ host: '127.0.0.1', port: 3000 }, '127.0.0.1:3000'),
  )
  .addHelpText('after', examples('helix hub start --module src/index.ts --name chat --data ./data'))
  .action((options) => run(async () => (await import('./commands/hub-start.ts')).hubStart(options)));

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
  .addHelpText('after', '\nOther users of this machine may see what stands in a command; a variable they do not.\n')
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
  .addHelpText('after', examples('helix limb egress', 'helix limb egress --task 17', 'helix limb egress --json | jq .'))
  .action((options) => run(async () => (await import('./commands/limb-egress.ts')).limbEgress(options)));

const sandbox = program.command('sandbox').description('the sandbox for Python on this machine');
sandbox
  .command('check')
  .description('attack every sandbox engine of this machine and print what holds')
  .option('--json', 'print the results as JSON')
  .addHelpText('after', examples('helix sandbox check'))
  .action((options) => run(async () => (await import('./commands/sandbox-check.ts')).sandboxCheck(options)));

sandbox
  .command('mcp')
  .description('serve run_python, Python in the sandbox, to MCP clients: the one tool and nothing else of Helix')
  .option('--port <port>', 'serve over HTTP on this port of 127.0.0.1 (default: standard input and output)', port)
  .option(
    '--token-file <file>',
    'file with the token of HTTP clients (default: HELIX_MCP_TOKEN, or mcp.token in the data folder, which is made)',
  )
  .addHelpText('after', '\nSettings of an MCP client that starts it by itself:')
  .addHelpText('after', '  {"mcpServers":{"python":{"command":"npx","args":["helix","sandbox","mcp"]}}}\n')
  .addHelpText('after', 'Settings of an MCP client over HTTP, which has the token in its own environment:')
  .addHelpText('after', '  {"mcpServers":{"python":{"type":"http","url":"http://127.0.0.1:8765/mcp",')
  .addHelpText('after', `    "headers":{"Authorization":"Bearer \${HELIX_MCP_TOKEN}"}}}}`)
  .addHelpText('after', examples('helix sandbox mcp', 'helix sandbox mcp --port 8765'))
  .action((options) => run(async () => (await import('./commands/sandbox-mcp.ts')).sandboxMcp(options)));

withTenant(program.command('link'))
  .description('make a one-time sign-in link for the web app')
  .addOption(
    new Option('--role <role>', 'what whoever opens it may do')
      .choices(['owner', 'operator', 'viewer'])
      .default('owner'),
  )
  .addHelpText('after', examples('helix link', 'helix link --role viewer'))
  .action((options) => run(async () => (await import('./commands/link.ts')).link(options)));

program
  .command('generate')
  .description('write the TypeScript client of a module')
  .requiredOption('--module <entry.ts>', "the module's entry file")
  .requiredOption('--out <folder>', 'where the client is written')
  .option('--check', 'write nothing; fail when a file is stale and name it')
  .addHelpText('after', examples('helix generate --module hub/index.ts --out bindings'))
  .action((options) => run(async () => (await import('./commands/generate.ts')).generate(options)));

withTenant(program.command('ask <question...>'))
  .description('ask the mesh a question and follow it until it is answered')
  .option('-c, --continue', 'go on with your newest answered question')
  .addOption(new Option('--follow <task>', 'go on with this answered task').argParser(count).conflicts('continue'))
  .option('--label <label>', 'only documents with this label; may be given several times', collect)
  .option(
    '--grant <tool>',
    'a tool that the model’s scripts may call, such as recall; several times; default all',
    collect,
  )
  .addOption(new Option('--no-grants', 'the model’s scripts may call no tool').conflicts('grant'))
  .option('--json', 'print the summary as JSON')
  .addHelpText(
    'after',
    examples('helix ask "How is a task leased?"', 'helix ask -c "And for how long?"', 'helix ask --label manuals "…"'),
  )
  .action((question, options) => run(async () => (await import('./commands/ask.ts')).ask(question, options)));

withHub(program.command('feedback'))
  .argument('<task>', 'number of the task', count)
  .addArgument(new Argument('<verdict>', 'what you think of its answer').choices(['good', 'bad', 'corrected', 'none']))
  .argument('[words...]', 'why, or what the answer should have been')
  .description('say whether an answer was good; follow-up questions build on what you corrected')
  .addHelpText('after', examples('helix feedback 17 good', 'helix feedback 17 corrected "A lease lasts 30 s."'))
  .action((task, verdict, words, options) =>
    run(async () => (await import('./commands/feedback.ts')).feedback(BigInt(task), verdict, words, options)),
  );

withTenant(program.command('run <script>'))
  .description('run a Python script in a sandbox of the mesh; - reads it from standard input')
  .option('--json', 'print the summary as JSON')
  .addHelpText('after', examples('helix run script.py', "echo 'print(6 * 7)' | helix run -"))
  .action((script, options) => run(async () => (await import('./commands/run.ts')).runScript(script, options)));

addMemoryCommands(program);

const tasks = program.command('tasks');
withTenant(tasks)
  .description('list the newest tasks')
  .addOption(new Option('--follow', 'stay, and show each change').conflicts('json'))
  .option('--limit <count>', 'how many tasks', count, 20)
  .option('--json', 'print them as JSON; integers of 64 bits are strings')
  .addHelpText('after', examples('helix tasks', 'helix tasks --follow', 'helix tasks --json --limit 100'))
  .action((options) => run(async () => (await import('./commands/tasks.ts')).tasks(options)));

withTenant(program.command('top'))
  .description('watch tasks and limbs live, in the terminal')
  .option('--once', 'print what there is now and end, such as for a pipe')
  .addHelpText('after', '\nKeys: j k move, Enter opens a task, / words, f shows, s sorts, ? all keys, q quits.\n')
  .addHelpText('after', examples('helix top', 'helix top --once | head -20'))
  .action((options) => run(async () => (await import('./commands/top.ts')).top(options)));

withHub(program.command('why'))
  .argument('<task>', 'number of the task', count)
  .description('explain why a task is not running, or what became of its attempts')
  .addHelpText('after', examples('helix why 12'))
  .action((task, options) => run(async () => (await import('./commands/why.ts')).why(BigInt(task), options)));

withHub(program.command('audit'))
  .description('show who did what and when in the tenants that you own, the newest first')
  .option('--since <time>', 'only what happened since then, such as 2026-11-21 or 2026-11-21T10:00Z', time)
  .option('--until <time>', 'only what happened until then', time)
  .option('--by <name>', 'only what this member or limb did, by its name or Identity; "the hub" for what it did itself')
  .option('--action <name>', 'only one kind of action, such as submit_task')
  .option('--task <id>', 'only what concerns one task', count)
  .option('--limit <count>', 'how many entries (default: 50; with --export all)', count)
  .addOption(new Option('--json', 'print one JSON object a line').conflicts('export'))
  .option('--export <file.jsonl>', 'write them to a new file, one JSON object a line')
  .addHelpText('after', '\nTimes are UTC. Inputs, results, codes and tokens are never part of it.\n')
  .addHelpText(
    'after',
    examples('helix audit --since 2026-11-21', 'helix audit --task 12', 'helix audit --export november.jsonl'),
  )
  .action((options) => run(async () => (await import('./commands/audit.ts')).audit(options)));

addMeshCommands({ program, limb, tasks });
addEventsCommands(program);
addRecipesCommands(program);
addModelsCommands(program);
addDatabaseCommands(program);
addDataCommands(program);
addTunnelCommands(program);

await program.parseAsync();
