import pc from 'picocolors';
import type { FoundPart, FoundParts } from '../../limbs/skills/recall.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import { findOwnLimb } from '../lib/own-limb.ts';
import { runTask } from '../lib/task.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine } from '../lib/terminal.ts';
import { watchLinesOn } from '../lib/watcher.ts';

export interface RecallOptions extends ClientOptions {
  readonly limit: number;
  readonly label?: readonly string[];
  readonly tokens?: number;
}

/** Prints what the limb remembers that is closest to some words, with both ranks and scores. */
export async function recall(words: readonly string[], options: RecallOptions): Promise<void> {
  const query = words.join(' ').trim();
  if (query === '')
    throw new Failure('There are no words to look for: expected some such as `helix recall "lost lease"`');
  await runOnHub(options, async (hub, signal) => {
    const tokens = options.tokens === undefined ? {} : { tokensMax: options.tokens };
    const input = { query, limit: options.limit, labels: options.label ?? [], format: 'json', ...tokens };
    const tenantId = await findTenant(hub);
    // Where this machine has a limb for the tenant, what that one remembers is meant.
    const target = await findOwnLimb(hub, tenantId);
    const task = { tenantId, skill: 'recall', title: query, input, ...(target && { target }) };
    const { body } = await runTask(hub, task, signal, watchLinesOn(process.stderr));
    const found = JSON.parse(body.text) as FoundParts;
    console.log(options.json ? JSON.stringify(found, undefined, 2) : formatParts(found.parts, options.label ?? []));
  });
}

function formatParts(parts: readonly FoundPart[], labels: readonly string[]): string {
  if (parts.length === 0 && labels.length > 0) {
    return `Nothing is remembered with the label ${labels.join(' and ')}: \`helix remember <path> --label …\` adds documents.`;
  }
  if (parts.length === 0) return 'Nothing is remembered yet: `helix remember <path>` adds documents.';
  return parts.map((part, i) => formatPart(part, i + 1)).join('\n\n');
}

function formatPart(part: FoundPart, place: number): string {
  const where = oneLine(part.section === '' ? part.document : `${part.document} › ${part.section}`);
  const half = (name: string, rank: FoundPart['meaning']) =>
    rank ? `${name} #${rank.rank} (${rank.score.toFixed(2)})` : '';
  const also = part.alsoIn.length === 0 ? '' : `also in ${part.alsoIn.map(oneLine).join(', ')}`;
  const facts = [`score ${part.score.toFixed(2)}`, half('meaning', part.meaning), half('words', part.words), also];
  return `${pc.bold(`${place}  ${where}`)}\n   ${oneLine(part.content)}\n   ${pc.dim(facts.filter((fact) => fact !== '').join(' · '))}`;
}
