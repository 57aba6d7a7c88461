import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import type { Task } from '../../bindings/types.ts';
import { formatSummary } from '../lib/summary.ts';
import { stateColours } from '../lib/task-table.ts';
import { printable } from '../lib/terminal.ts';
import { explain } from '../lib/why.ts';
import { fill, shortDuration, wrap } from './cells.ts';
import { type Material, ms, type World, workedMs } from './world.ts';

/** How many of the lines that a task has told are shown. */
const linesMax = 200;

/** Everything that is known of a task, as lines of at most `columns` cells. */
export function taskPage(task: Task, world: World, columns: number): string[] {
  const limb = world.limbs.find(({ identity }) => task.limb?.isEqual(identity))?.name;
  const worked = workedMs(task, world.nowMs);
  const facts = [
    task.skill,
    limb === undefined ? '' : `on ${limb}`,
    `submitted ${shortDuration(world.nowMs - ms(task.submittedAt))} ago`,
    worked === undefined ? '' : `worked ${shortDuration(worked)}`,
    task.attempt > 1 ? `attempt ${task.attempt} of ${task.attemptsMax}` : '',
  ];
  const state = task.state.tag;
  const word = state.toLowerCase();
  const material = world.material?.taskId === task.id ? world.material : undefined;
  return [
    ...wrap(printable(task.title), columns).map((line) => pc.bold(line)),
    `${stateColours[state](word)}  ${fill(facts.filter(Boolean).join(' · '), columns - word.length - 2)}`,
    '',
    ...(material ? tell(task, material, columns) : [pc.dim('Loading…')]),
  ];
}

function tell(task: Task, { attempts, entry, reason, parts, summary }: Material, columns: number): string[] {
  const written = parts.findLast(({ kind, attempt }) => kind === 'Text' && attempt === task.attempt)?.text ?? '';
  const lines = parts
    .filter(({ kind }) => kind === 'Line')
    .flatMap(({ attempt, text }) => text.split('\n').map((line) => (attempt === task.attempt ? line : pc.dim(line))));
  const answer = summary ? stripVTControlCharacters(formatSummary(summary.body)) : printable(written);
  return [
    ...section('Why', explain({ task, entry, reason, attempts }).join('\n'), columns),
    ...section(summary ? 'Answer' : 'Answer so far', answer, columns),
    ...section('Progress', lines.slice(-linesMax).map(printable).join('\n'), columns),
  ];
}

function section(name: string, text: string, columns: number): string[] {
  return text === '' ? [] : [pc.dim(name), ...wrap(text, columns), ''];
}
