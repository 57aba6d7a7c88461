import { z } from 'zod';
import { openConverter } from '../documents/converter/converter.ts';
import { kindOf, kindsInWords } from '../documents/kinds.ts';
import { documentOf } from '../documents/read.ts';
import type { DocumentsRoot } from '../documents/root.ts';
import { LimbError } from '../errors.ts';
import type { Memory } from '../memory/memory.ts';
import { BudgetShort, metered } from '../spending.ts';
import { counted, oneLine } from '../text.ts';
import { costOfVectors } from './cost.ts';
import { labelsInput } from './labels.ts';
import { defineSkill, type Skill } from './skill.ts';

const input = z.object({
  paths: z.array(z.string().min(1).max(1000)).min(1).max(2000),
  labels: labelsInput.default([]),
});

const reasonsShownMax = 5;
const pathCharsShownMax = 160;

interface Skipped {
  readonly path: string;
  readonly reason: string;
}

interface Tally {
  documents: number;
  chunks: number;
  embedded: number;
  unchanged: number;
  forgotten: number;
  /** Files in named folders that are not documents by their names. */
  others: number;
  readonly skipped: Skipped[];
}

/**
 * Takes documents into the limb's memory from the folder of the task's tenant, which `rootOf` opens. `onChange` hears whose
 * memory changed.
 */
export function rememberSkill(
  memory: Memory,
  rootOf: (tenant: string) => Promise<DocumentsRoot>,
  onChange: (tenant: string) => void = () => {},
): Skill {
  return defineSkill({
    name: 'remember',
    input,
    async work({ paths, labels }, { tenant, signal, spend, progress }) {
      const tally: Tally = { documents: 0, chunks: 0, embedded: 0, unchanged: 0, forgotten: 0, others: 0, skipped: [] };
      const skip = (path: string, reason: string) => {
        const shown = shownPath(path);
        tally.skipped.push({ path: shown, reason });
        progress(`${shown} skipped: ${reason}`);
      };
      const root = await rootOf(tenant);
      const paid = metered(spend);
      const converter = openConverter();
      let note = '';
      try {
        for (const path of paths) {
          const found = await find(root, path);
          if (!found) {
            const forgotten = await memory.forgetOthers(tenant, path.replace(/\/+$/, ''), []);
            tally.forgotten += forgotten;
            if (forgotten === 0) skip(path, 'there is no such file or folder');
            else progress(`${shownPath(path)} is gone: ${counted(forgotten, 'document')} forgotten`);
            continue;
          }
          const files = found.isFolder ? found.files.filter((file) => kindOf(file.path) !== undefined) : found.files;
          tally.others += found.files.length - files.length;
          let done = 0;
          const place = () => (files.length > 1 ? `${done} of ${files.length}: ` : '');
          await memory.remember(
            tenant,
            files.map((file) => documentOf(root, converter, file, labels)),
            (document) => {
              done++;
              if (document.outcome === 'unreadable') return skip(document.path, document.reason);
              if (document.outcome === 'unchanged') {
                tally.unchanged++;
                return;
              }
              tally.documents++;
              tally.chunks += document.chunkCount;
              tally.embedded += document.embeddedCount;
              progress(
                `${place()}${shownPath(document.path)}, ${chunksOf(document.chunkCount, document.embeddedCount)}`,
              );
            },
            { signal, spend: paid.spend },
          );
          if (!found.isFolder) continue;
          tally.forgotten += await memory.forgetOthers(
            tenant,
            found.path,
            files.map((file) => file.path),
          );
        }
      } catch (error) {
        if (!(error instanceof BudgetShort)) throw error;
        note = `Unfinished: ${error.message}`;
      } finally {
        converter.close();
        onChange(tenant);
      }
      const isNothing = tally.documents + tally.unchanged + tally.forgotten === 0;
      if (isNothing && note === '') throw nothingRemembered(tally);
      return { text: tallyText(tally), engine: 'memory', note, ...costOfVectors(paid.sum) };
    },
  });
}

/** The end of a long path says most. */
function shownPath(path: string): string {
  const line = oneLine(path);
  return line.length <= pathCharsShownMax ? line : `…${line.slice(1 - pathCharsShownMax)}`;
}

/** What a path stands for; undefined when nothing is there. One that leads out of the folder fails the task. */
async function find(root: DocumentsRoot, path: string) {
  try {
    return await root.find(path);
  } catch (error) {
    if (!(error instanceof LimbError) || error.code !== 'no-such-document') throw error;
    return undefined;
  }
}

/** `12 chunks`, and how many of them were new where some were known. */
function chunksOf(chunkCount: number, embeddedCount: number): string {
  const known = embeddedCount === chunkCount ? '' : `, ${embeddedCount} of them new`;
  return `${counted(chunkCount, 'chunk')}${known}`;
}

function tallyText(tally: Tally): string {
  const facts = [
    `Remembered ${counted(tally.documents, 'document')} (${chunksOf(tally.chunks, tally.embedded)})`,
    tally.unchanged > 0 ? `${tally.unchanged} unchanged` : '',
    tally.forgotten > 0 ? `${tally.forgotten} forgotten that are gone` : '',
    tally.skipped.length > 0 ? `${tally.skipped.length} skipped` : '',
    tally.others > 0 ? `${counted(tally.others, 'file')} of other kinds left out` : '',
  ];
  return [facts.filter((fact) => fact !== '').join(', '), ...reasons(tally)].join('\n');
}

function nothingRemembered(tally: Tally): LimbError {
  const why = tally.others > 0 ? `${counted(tally.others, 'file')} found, none of them ${kindsInWords}.` : '';
  const lines = ['No document was remembered.', why, ...reasons(tally)].filter((line) => line !== '');
  return new LimbError('nothing-remembered', lines.join('\n'));
}

function reasons({ skipped }: Tally): string[] {
  const lines = skipped.slice(0, reasonsShownMax).map(({ path, reason }) => `${path}: ${reason}`);
  if (skipped.length > reasonsShownMax) lines.push(`and ${skipped.length - reasonsShownMax} more`);
  return lines;
}
