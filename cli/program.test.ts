import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from './program.ts';
import { root } from './testing/cli.fixture.ts';
import { helixCommands } from './testing/shell-words.fixture.ts';

// Every command, as it is defined: nothing is run.

const all = below(createProgram());
const leaves = all.filter((command) => !isGroup(command));

describe.each(all.map((command) => [pathOf(command), command] as const))('helix %s', (_, command) => {
  it('says what it does and what each argument and option is', () => {
    expect(command.description()).toMatch(/^[a-z]/);
    for (const option of command.options) expect([option.flags, option.description]).not.toContain('');
    const described = command.registeredArguments.filter((one) => one.description !== '');
    expect([0, command.registeredArguments.length]).toContain(described.length);
  });

  it('has help that fits a terminal of 80 columns, but for its examples', () => {
    const [text = ''] = helpOf(command).split('\nExamples:\n');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});

describe.each(leaves.map((command) => [pathOf(command), command] as const))(
  'an example of helix %s',
  (path, command) => {
    it('is there, and is right', async () => {
      const examples = helpOf(command).split('\nExamples:\n')[1] ?? '';
      const found = helixCommands(examples);
      expect(found.length).toBeGreaterThan(0);
      for (const words of found) expect(await meantBy(words)).toMatch(new RegExp(`^${path}\\b`));
    });
  },
);

const documents = ['README.md', 'ARCHITECTURE.md', 'docs/operating.md'];
for (const name of ['models', 'reach', 'sandbox']) documents.push(`limbs/${name}/README.md`);
for (const name of ['react-board', 'sensor-watch', 'svelte-chat']) documents.push(`examples/${name}/README.md`);

describe.each(documents)('%s', (document) => {
  const text = readFileSync(join(root, document), 'utf8');
  const blocks = [...text.matchAll(/```(?:sh|console)\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
  const spans = [...text.matchAll(/`((?:npx )?helix [^`]*)`/g)].map(([, span]) => span ?? '');

  it('names commands and options that there are', async () => {
    const wrong: string[] = [];
    for (const words of blocks.flatMap(helixCommands)) {
      await meantBy(words).catch((error: Error) => wrong.push(`${words.join(' ')}: ${error.message}`));
    }
    // Beside code a command is often named without its arguments.
    for (const words of spans.flatMap(helixCommands)) {
      const named = words.filter((word) => /^[a-z][a-z-]*$/.test(word));
      if (!all.some((command) => named.join(' ').startsWith(pathOf(command)))) wrong.push(words.join(' '));
    }
    expect(wrong).toEqual([]);
  });
});

describe('a command line that is wrong', () => {
  it.each([
    [['ask'], "helix: missing required argument 'question'"],
    [
      ['feedback', '3', 'meh'],
      "helix: 'meh' is not valid as <verdict>. Allowed choices are good, bad, corrected, none.",
    ],
    [
      ['why', '99999999999999999999'],
      "helix: '99999999999999999999' is not valid as <task>. Expected a whole number above 0, of at most 15 digits.",
    ],
    [['tsks'], "helix: unknown command 'tsks'\n(Did you mean tasks?)"],
    [['help', 'tsks'], "helix: unknown command 'tsks'"],
    [['help', 'rules', 'wy'], "helix: unknown command 'rules wy'"],
  ])('%j is told in one way, with what helps', (words, told) => {
    let text = '';
    const program = createProgram();
    for (const command of [program, ...below(program)]) {
      const { outputError } = command.configureOutput();
      command
        .exitOverride()
        .configureOutput({ writeErr: (part) => (text += part), ...(outputError && { outputError }) });
    }
    expect(() => program.parse(words, { from: 'user' })).toThrow(CommanderError);
    expect(text.trim()).toBe(`${told}\nAdd --help for usage.`);
  });

  it('helix help goes down to any command', () => {
    let text = '';
    const program = createProgram();
    for (const command of below(program)) command.configureOutput({ writeOut: (part) => (text += part) });
    program.parse(['help', 'rules', 'why'], { from: 'user' });
    expect(text).toMatch(/^Usage: helix rules why /);
  });
});

/** The path of the command that these words would run. @throws CommanderError when they are refused */
async function meantBy(words: readonly string[]): Promise<string> {
  const program = createProgram();
  let meant = 'help';
  for (const command of [program, ...below(program)]) {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    if (!isGroup(command)) {
      command.action(() => {
        meant = pathOf(command);
      });
    }
  }
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
  }
  return meant;
}

function below(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...below(child)]);
}

/** Whether it does nothing but gather others; `helix tasks` does both. */
function isGroup(command: Command): boolean {
  return command.commands.length > 0 && !['tasks', 'notifications'].includes(command.name());
}

function pathOf(command: Command): string {
  const parent = command.parent;
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return text;
}
