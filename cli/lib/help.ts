import type { Command, HelpConfiguration } from 'commander';

const own = ['Options:', 'Commands:'];

/**
 * A command's own options come first in its help, and those of every command that talks to a hub or a server after them.
 * The list of all commands has their names alone, so that it fits a terminal.
 */
export const help: HelpConfiguration = {
  subcommandTerm: (command) => (isTopmost(command) ? command.name() : usageOf(command)),
  groupItems(_all, shown, groupOf) {
    const groups = new Map<string, typeof shown>(own.map((name) => [name, []]));
    for (const item of shown) groups.set(groupOf(item), [...(groups.get(groupOf(item)) ?? []), item]);
    return groups;
  },
};

function isTopmost(command: Command): boolean {
  return command.parent !== null && command.parent.parent === null;
}

function usageOf(command: Command): string {
  const list = command.registeredArguments.map((one) => {
    const name = `${one.name()}${one.variadic ? '...' : ''}`;
    return one.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...list].join(' ');
}
