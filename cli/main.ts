import { Command, InvalidArgumentError } from 'commander';
import { version } from '../package.json';
import { run } from './lib/run.ts';

// Each command's code is loaded when it runs, so that `--help` answers at once.

const program = new Command('helix')
  .description('A self-hosted agent mesh on a reactive state machine: the hub decides, limbs act, faces watch.')
  .version(version)
  .showHelpAfterError('Add --help for usage.')
  .configureHelp({ showGlobalOptions: true });

program
  .command('generate')
  .description('write the TypeScript client of a module')
  .requiredOption('--module <entry.ts>', "the module's entry file")
  .requiredOption('--out <folder>', 'where the client is written')
  .option('--check', 'write nothing; fail when a file is stale and name it')
  .addHelpText('after', examples('helix generate --module hub/index.ts --out bindings'))
  .action((options) => run(async () => (await import('./commands/generate.ts')).generate(options)));

withHub(program.command('ask <question...>'))
  .description('ask the mesh a question and follow it until it is answered')
  .option('--json', 'print the summary as JSON')
  .addHelpText('after', examples('helix ask "How is a task leased?"', 'helix ask --json "What is a limb?"'))
  .action((question, options) => run(async () => (await import('./commands/ask.ts')).ask(question, options)));

withHub(program.command('run <script>'))
  .description('run a Python script in a sandbox of the mesh; - reads it from standard input')
  .option('--json', 'print the summary as JSON')
  .addHelpText('after', examples('helix run script.py', "echo 'print(6 * 7)' | helix run -"))
  .action((script, options) => run(async () => (await import('./commands/run.ts')).runScript(script, options)));

withHub(program.command('remember <path...>'))
  .description("let this machine's limb remember Markdown, text and HTML files; they stay on this machine")
  .option('--json', 'print the summaries as JSON')
  .addHelpText('after', examples('helix remember docs', 'helix remember notes.md ~/manuals'))
  .action((paths, options) => run(async () => (await import('./commands/remember.ts')).remember(paths, options)));

withHub(program.command('tasks'))
  .description('list the newest tasks')
  .option('--follow', 'stay, and show each change')
  .option('--limit <count>', 'how many tasks', count, 20)
  .addHelpText('after', examples('helix tasks', 'helix tasks --follow'))
  .action((options) => run(async () => (await import('./commands/tasks.ts')).tasks(options)));

await program.parseAsync();

/** The options of every command that talks to a hub as one of its members. */
function withHub(command: Command): Command {
  return command
    .option('--hub <url>', 'address of the hub (default: HELIX_HUB, or the hub that runs here)')
    .option(
      '--token-file <file>',
      'file with the token to connect with (default: the owner of the hub that runs here)',
    );
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number above 0.');
  return value;
}
