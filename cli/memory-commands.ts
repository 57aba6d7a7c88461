import type { Command } from 'commander';
import { withHub, withTenant } from './lib/hub-options.ts';
import { collect, countUpTo, examples, note, yesHelp } from './lib/option.ts';
import { run } from './lib/run.ts';

/** Adds the commands about what limbs remember. */
export function addMemoryCommands(program: Command): void {
  withLabels(withTenant(program.command('remember <path...>')))
    .description("let this machine's limb remember documents, tables and code; they stay on this machine")
    .option('--watch', 'stay, and follow what changes, comes and goes')
    .option('--json', 'print the summaries as JSON')
    .addHelpText(
      'after',
      note(
        'Markdown, text, HTML, PDF, DOCX, CSV, JSON, YAML and source code are read. What is unchanged is skipped, and what is gone from a folder is forgotten.',
      ),
    )
    .addHelpText(
      'after',
      examples('helix remember docs', 'helix remember notes.md ~/manuals --label manuals', 'helix remember . --watch'),
    )
    .action((paths, options) => run(async () => (await import('./commands/remember.ts')).remember(paths, options)));

  withLabels(withTenant(program.command('recall <words...>')))
    .description("look up what this machine's limb remembers, by meaning and by words")
    .option('--limit <count>', 'how many parts, at most 20', countUpTo(20), 5)
    .option('--tokens <count>', 'end before the parts have more tokens than this together', countUpTo(100_000))
    .option('--json', 'print the parts with their scores as JSON')
    .addHelpText('after', examples('helix recall "who renews a lease"', 'helix recall --label manuals --json "torque"'))
    .action((words, options) => run(async () => (await import('./commands/recall.ts')).recall(words, options)));

  withTenant(program.command('forget [path...]'))
    .description("take documents out of the memory of this machine's limb; the originals stay where they are")
    .option('--all', 'forget all documents')
    .option('--yes', yesHelp)
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', examples('helix forget docs/old.md', 'helix forget docs', 'helix forget --all'))
    .action((paths, options) => run(async () => (await import('./commands/forget.ts')).forget(paths, options)));

  withHub(program.command('memory').description('what limbs remember').command('stats'))
    .description('show how much each limb remembers, and since when')
    .option('--json', 'print it as JSON')
    .addHelpText('after', examples('helix memory stats'))
    .action((options) => run(async () => (await import('./commands/memory-stats.ts')).memoryStats(options)));
}

function withLabels(command: Command): Command {
  return command.option('--label <label>', 'a label of the documents; may be given several times', collect);
}
