import { layoutOf } from '../bsatn/layout.ts';
import { Reader } from '../bsatn/reader.ts';
import type { ProductType } from '../bsatn/type.ts';
import { assert, Rejection } from '../errors.ts';
import type { ModuleDef } from '../module/definition.ts';
import { camelCase } from '../module/names.ts';
import type { RowList } from '../query/contract.ts';
import type { UntypedRow } from './module-types.ts';
import { readSdkValue } from './read-value.ts';

/** Whatever goes by a canonical name and by the name that it has in the source. */
interface Named {
  readonly name: string;
  readonly sourceName: string;
}

/** Finds by canonical name, source name, or the canonical one in camelCase. @throws Rejection that lists what there is */
export function findNamed<T extends Named>(what: string, entries: readonly T[], name: string): T {
  const found =
    entries.find((entry) => entry.name === name) ??
    entries.find((entry) => entry.sourceName === name || inCamelCase(entry.name) === name);
  if (found) return found;
  const names = entries.map((entry) => entry.name).sort();
  throw new Rejection(`no-such-${what}`, `there is no ${what} ${name}; there are ${names.join(', ') || 'none'}`);
}

const known = new Map<string, string>();

/** Splitting names into words costs more than many a call. */
function inCamelCase(name: string): string {
  const text = known.get(name) ?? camelCase(name);
  known.set(name, text);
  return text;
}

/** The row type of a table or view by its name on the wire. */
export function relationRow(def: ModuleDef, name: string): ProductType {
  return findNamed('relation', [...def.tables, ...def.views], name).row;
}

export function decodeRow(type: ProductType, bytes: Uint8Array): UntypedRow {
  const reader = new Reader(bytes);
  const row = readSdkValue(type, reader) as UntypedRow;
  reader.finish();
  return row;
}

/** The rows of a list as it is on the wire. */
export function splitRows(type: ProductType, { rowCount, encoded }: RowList): Uint8Array[] {
  const reader = new Reader(encoded);
  const isFixed = reader.u8() === 0;
  const offsets = isFixed ? undefined : Array.from({ length: reader.u32() }, () => 0);
  const size = isFixed ? reader.u16() : 0;
  if (offsets) for (let i = 0; i < offsets.length; i++) offsets[i] = Number(reader.u64());
  const data = reader.byteArray();
  assert(reader.remaining === 0, 'a list of rows has bytes after its end');
  const layout = layoutOf(type);
  const rows: Uint8Array[] = [];
  for (let at = 0; at < data.length || rows.length < rowCount; ) {
    const expected = offsets ? offsets[rows.length] : rows.length * size;
    assert(at === expected, `row ${rows.length} of a list starts at ${at}, but its list says ${expected}`);
    const end = layout.end(data, at, data.length);
    rows.push(data.slice(at, end));
    at = end;
  }
  assert(rows.length === rowCount, `a list of ${rows.length} rows says that it has ${rowCount}`);
  return rows;
}
