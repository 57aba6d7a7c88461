import { Command } from 'commander';
import { version } from '../package.json';
import { addDataCommands } from './data-commands.ts';
import { addDatabaseCommands } from './database-commands.ts';
import { addEventsCommands } from './events-commands.ts';
import { help } from './lib/help.ts';
import { examples } from './lib/option.ts';
import { addLimbCommands } from './limb-commands.ts';
import { addMachineCommands, addSandboxCommands } from './machine-commands.ts';
import { addMeshCommands } from './mesh-commands.ts';
import { addModelsCommands } from './models-commands.ts';
import { addRecipesCommands } from './recipes-commands.ts';
import { addTaskCommands } from './task-commands.ts';
import { addTunnelCommands } from './tunnel-commands.ts';

/** The whole command line. Each command's code is loaded when it runs, so that `--help` answers at once. */
export function createProgram(): Command {
  const program = new Command('helix')
    .description('A self-hosted agent mesh on a reactive state machine: the hub decides, limbs act, faces watch.')
    .version(version, '-V, --version', 'print the version')
    .showHelpAfterError('Add --help for usage.')
    .configureHelp(help)
    .configureOutput({ outputError: (text, write) => write(inOurWords(text)) })
    .helpCommand(false)
    .addHelpText('after', examples('helix start', 'helix ask "What is a limb?"', 'helix top', 'helix help rules'));

  program.commandsGroup('Run it:');
  addMachineCommands(program);
  addModelsCommands(program);
  addLimbCommands(program);
  addSandboxCommands(program);
  addTunnelCommands(program);

  program.commandsGroup('Ask, and watch the work:');
  addTaskCommands(program);

  program.commandsGroup('Let events start work:');
  addEventsCommands(program);
  addRecipesCommands(program);

  program.commandsGroup('Say who may do what:');
  addMeshCommands(program);

  program.commandsGroup('Host a module of your own:');
  addDatabaseCommands(program);

  program.commandsGroup('Look after the data:');
  addDataCommands(program);

  program.commandsGroup('Help:');
  program
    .command('help [command...]')
    .description('show the help of a command')
    .addHelpText('after', examples('helix help', 'helix help rules why'))
    .action((words: string[]) => showHelp(program, words));
  return program;
}

function showHelp(program: Command, words: readonly string[]): void {
  let command = program;
  for (const word of words) {
    const child = command.commands.find((one) => one.name() === word);
    if (child === undefined) command.error(`error: unknown command '${words.join(' ')}'`);
    else command = child;
  }
  command.outputHelp();
}

/** What is wrong with a command line begins as every other failure does. */
function inOurWords(text: string): string {
  return text
    .replace(/^error: /, 'helix: ')
    .replace(
      /^helix: command-argument value '(.*)' is invalid for argument '(.*)'\./,
      "helix: '$1' is not valid as <$2>.",
    );
}
