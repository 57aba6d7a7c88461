import type { Command } from 'commander';
import { count, examples, note, price } from './lib/option.ts';
import { run } from './lib/run.ts';

// The models of this machine's limb: what limb.toml and the environment name.

export function addModelsCommands(program: Command): void {
  program
    .command('setup')
    .description('choose a language model, try it, and write limb.toml; asks on a terminal')
    .option('--provider <preset>', 'without questions: the server, such as openai, ollama or custom')
    .option('--base-url <url>', 'its address (default: the usual one)')
    .option('--account <name>', 'the account or resource that is part of its address')
    .option('--model <name>', 'the model, as the server calls it')
    .option('--key-stdin', 'read the key from standard input, and keep it in a file of mode 0600 beside limb.toml')
    .option(
      '--key-env <variable>',
      'the environment variable that holds the key (default: the usual one of the server)',
    )
    .option('--price-in <price>', 'what a million tokens in cost (default: as it was, or 0)', price)
    .option('--price-out <price>', 'what a million tokens out cost (default: as it was, or 0)', price)
    .option('--force', 'write it even when the model does not answer')
    .addHelpText('after', examples('helix setup', 'helix setup --provider openai --model gpt-5 --key-stdin < key.txt'))
    .action((options) => run(async () => (await import('./commands/setup.ts')).setup(options)));

  const models = program.command('models').description("the language models of this machine's limb");
  models
    .command('list')
    .description('list the models that limb.toml and the environment name, and what each is for')
    .option('--json', 'print them as JSON')
    .addHelpText('after', note('A key is never shown; only whether there is one.'))
    .addHelpText('after', examples('helix models list'))
    .action((options) => run(async () => (await import('./commands/models.ts')).modelsList(options)));
  models
    .command('test [name...]')
    .description('ask models (default: all) for an answer, a stream, a call of a tool and JSON, and print what works')
    .option('--json', 'print the results as JSON')
    .addHelpText(
      'after',
      note('Fails when a model does not answer. A few requests are made, which a server may charge for.'),
    )
    .addHelpText('after', examples('helix models test', 'helix models test big --json'))
    .action((names, options) => run(async () => (await import('./commands/models.ts')).modelsTest(names, options)));
  models
    .command('time [name...]')
    .description('measure how soon models (default: all that answer) begin and how fast they write')
    .option('--rounds <count>', 'how often each is asked; medians are shown', count, 3)
    .option('--tokens <count>', 'how long the answers may be', count, 256)
    .option('--json', 'print the figures as JSON')
    .addHelpText('after', examples('helix models time', 'helix models time big small --rounds 5'))
    .action((names, options) => run(async () => (await import('./commands/models.ts')).modelsTime(names, options)));
}
