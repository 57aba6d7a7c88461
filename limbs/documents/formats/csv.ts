import { posix } from 'node:path';
import { parse } from 'csv-parse/sync';
import { messageOf } from '../../errors.ts';
import { type Parsed, refuse } from './parsed.ts';

const recordCharsMax = 128 * 1024;

/** The rows of a table, each with the names of its columns, so that it is understood by itself. */
export function parseCsv(text: string, path: string): Parsed {
  let rows: string[][];
  try {
    rows = parse(text, {
      bom: true,
      delimiter: delimiterOf(text, path),
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: recordCharsMax,
    });
  } catch (error) {
    throw refuse(`it is not a table that can be read (${messageOf(error)})`, error);
  }
  const [names = [], ...records] = rows;
  if (records.length === 0) throw refuse('it is a table without rows');
  const blocks = records.map((record) =>
    record
      .map((cell, i) => (cell === '' ? '' : `${names[i] || `column ${i + 1}`}: ${cell}`))
      .filter((cell) => cell !== '')
      .join('\n'),
  );
  return { title: '', sections: [{ headings: [], blocks: blocks.filter((block) => block !== '') }] };
}

/** Of those that tables are written with, the one that the first line has most of. */
function delimiterOf(text: string, path: string): string {
  if (posix.extname(path).toLowerCase() === '.tsv') return '\t';
  const first = text.slice(0, 10_000).split('\n', 1)[0] ?? '';
  const counted = [',', ';', '\t', '|'].map((mark) => ({ mark, count: first.split(mark).length }));
  return counted.reduce((best, other) => (other.count > best.count ? other : best)).mark;
}
