import { join } from 'node:path';
import pc from 'picocolors';
import { type Entry, kindOf, readEntries } from '../../limbs/index.ts';
import { Failure } from '../lib/failure.ts';
import { findHome } from '../lib/home.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

export interface LimbEgressOptions {
  readonly limit: number;
  readonly since?: Date;
  readonly task?: string;
  readonly json?: boolean;
}

interface Total {
  readonly to: string;
  readonly what: string;
  messages: number;
  bytes: number;
}

const previewCharsMax = 80;

/** Shows what the limb of this machine has sent to its hub and to others, and sums it. Fails when the journal was tampered with. */
export async function limbEgress(options: LimbEgressOptions): Promise<void> {
  const folder = join(findHome().limb.folder, 'egress');
  const newest: Entry[] = [];
  const totals = new Map<string, Total>();
  const damages: string[] = [];
  for await (const { entry, damage } of readEntries(folder)) {
    if (damage !== undefined) damages.push(damage);
    if (!entry || !isWanted(entry, options)) continue;
    if (options.json) console.log(JSON.stringify(entry));
    const [to, what] = [receiverOf(entry), kindOf(entry)];
    const total = totals.get(`${to} ${what}`) ?? { to, what, messages: 0, bytes: 0 };
    total.messages += 1;
    total.bytes += entry.bytes;
    totals.set(`${to} ${what}`, total);
    newest.push(entry);
    if (newest.length > options.limit) newest.shift();
  }
  if (!options.json) print(newest, totals);
  if (damages.length > 0) {
    throw new Failure(`The journal is not as the limb wrote it:\n${damages.map((damage) => `  ${damage}`).join('\n')}`);
  }
}

function isWanted(entry: Entry, { since, task }: LimbEgressOptions): boolean {
  if (since !== undefined && entry.time < since.toISOString()) return false;
  if (task === undefined) return true;
  return 'task' in entry ? entry.task === task : (entry.payload as { taskId?: unknown } | null)?.taskId === task;
}

function receiverOf(entry: Entry): string {
  return 'to' in entry ? entry.to : 'the hub';
}

function print(newest: readonly Entry[], totals: ReadonlyMap<string, Total>): void {
  if (newest.length === 0) {
    console.log('Nothing has left this machine.');
    return;
  }
  const rows = newest.map((entry) => {
    const { time, bytes, sha256, payload } = entry;
    const text = payload === null ? '(not kept)' : oneLine(JSON.stringify(payload));
    const preview = text.length > previewCharsMax ? `${text.slice(0, previewCharsMax)}…` : text;
    const at = time.replace('T', ' ').slice(0, 19);
    return [at, receiverOf(entry), kindOf(entry), String(bytes), sha256.slice(0, 12), preview];
  });
  console.log(textTable(['time (UTC)', 'to', 'what', 'bytes', 'sha-256', 'payload'], rows));
  const sums = [...totals.values()].sort((a, b) => b.bytes - a.bytes);
  console.log('');
  console.log(
    textTable(
      ['to', 'what', 'messages', 'bytes'],
      sums.map(({ to, what, messages, bytes }) => [to, what, String(messages), String(bytes)]),
    ),
  );
  const all = sums.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(pc.dim(`\n${all} bytes in all`));
}
