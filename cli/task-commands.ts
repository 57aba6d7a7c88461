import { Argument, type Command, Option } from 'commander';
import { withHub, withTenant } from './lib/hub-options.ts';
import { collect, count, examples, ids, note } from './lib/option.ts';
import { run } from './lib/run.ts';
import { addMemoryCommands } from './memory-commands.ts';

// Work for the mesh, and what becomes of it.

export function addTaskCommands(program: Command): void {
  addAsking(program);
  addMemoryCommands(program);
  addWatching(program);
}

/** Work for the mesh, and what is said of it. */
function addAsking(program: Command): void {
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
      examples(
        'helix ask "How is a task leased?"',
        'helix ask -c "And for how long?"',
        'helix ask --label manuals "…"',
      ),
    )
    .action((question, options) => run(async () => (await import('./commands/ask.ts')).ask(question, options)));

  withHub(program.command('feedback'))
    .argument('<task>', 'number of the task', count)
    .addArgument(
      new Argument('<verdict>', 'what you think of its answer').choices(['good', 'bad', 'corrected', 'none']),
    )
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
}

/** What becomes of it. */
function addWatching(program: Command): void {
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
    .addHelpText('after', note('Keys: j k move, Enter opens a task, / words, f shows, s sorts, ? all keys, q quits.'))
    .addHelpText('after', examples('helix top', 'helix top --once | head -20'))
    .action((options) => run(async () => (await import('./commands/top.ts')).top(options)));

  withHub(program.command('why'))
    .argument('<task>', 'number of the task', count)
    .description('explain why a task is not running, or what became of its attempts')
    .option('--json', 'print as JSON; integers of 64 bits are strings')
    .addHelpText('after', examples('helix why 12', 'helix why 12 --json'))
    .action((task, options) => run(async () => (await import('./commands/why.ts')).why(BigInt(task), options)));

  addTaskChanges(tasks);
}

function addTaskChanges(tasks: Command): void {
  // What follows the name of a command below is that command's own, also where both have an option of this name.
  tasks.enablePositionalOptions();
  withTenant(tasks.command('redrive'))
    .argument('[task...]', 'numbers of failed or dead tasks', ids)
    .description('queue failed and dead tasks again, with all of their attempts before them')
    .option('--all', 'all dead tasks of the tenant')
    .addHelpText('after', examples('helix tasks redrive 12 13', 'helix tasks redrive --all'))
    .action((ids, options) => run(async () => (await import('./commands/tasks-change.ts')).tasksRedrive(ids, options)));
  withHub(tasks.command('cancel'))
    .argument('<task...>', 'numbers of tasks that have not ended', ids)
    .description('cancel tasks and their parts; what runs is stopped at once')
    .addHelpText('after', examples('helix tasks cancel 12', 'helix tasks cancel 12 13 14'))
    .action((ids, options) => run(async () => (await import('./commands/tasks-change.ts')).tasksCancel(ids, options)));
}
