import { parseJson } from '../../engine/bsatn/satsjson-read.ts';
import { jsonText } from '../../engine/bsatn/satsjson-write.ts';
import type { Commit } from '../../engine/log/commit.ts';
import { loadModule } from '../../engine/module/load.ts';
import { RecoveredState } from '../../engine/recovery.ts';
import { identityToHex } from '../../engine/serve/identity/identity.ts';
import type { TableChange } from '../../engine/store/contract.ts';
import { Store } from '../../engine/store/store.ts';
import { positionTableId } from '../../engine/system.ts';
import { type DataOptions, openDataFolder } from '../lib/data-folder.ts';
import { Failure } from '../lib/failure.ts';
import { showProgress } from '../lib/progress.ts';
import { oneLine } from '../lib/terminal.ts';

export interface LogShowOptions extends DataOptions {
  readonly database?: string;
  readonly from: number;
  readonly limit?: number;
  readonly rows?: boolean;
  readonly json?: boolean;
}

/** Prints who called what and when, and what it changed. */
export async function logShow(options: LogShowOptions): Promise<void> {
  const folder = await openDataFolder(options);
  const entry = folder.find(options.database);
  const kept = await folder.kept(entry);
  const state = new RecoveredState(loadModule, new Store());
  if (kept.base) {
    await state.load(kept.base);
    if (options.from < kept.base.nextOffset) console.error(trimmedNote(kept.base.nextOffset));
  }
  const { nextOffset } = kept.end;
  if (options.from >= nextOffset) {
    throw new Failure(`The history has the commits 0 to ${nextOffset - 1}, and none from ${options.from} on`);
  }
  const until = options.limit === undefined ? nextOffset : options.from + options.limit;
  await folder.replay(entry, kept, until, async (commit) => {
    if (commit.offset >= until) return;
    await state.replay(commit);
    if (commit.offset < options.from) return;
    const changes = commit.changes.filter(({ table }) => table !== positionTableId);
    if (options.json) return console.log(jsonOf(state, commit, changes, options.rows === true));
    console.log(`${headOf(commit)}${changes.map((change) => `  ${totalsOf(state, change)}`).join('')}`);
    if (options.rows) for (const change of changes) printRows(state, change);
  });
}

/** Checks every byte of the histories of a data folder. */
export async function logVerify(options: DataOptions & { readonly database?: string }): Promise<void> {
  const folder = await openDataFolder(options);
  const entries = options.database === undefined ? folder.entries : [folder.find(options.database)];
  const progress = showProgress();
  for (const entry of entries) {
    const { end, base } = await folder.kept(entry, progress.done).finally(progress.end);
    const name = entry.names[0] ?? entry.identity;
    const first = base?.nextOffset ?? 0;
    const chain = Buffer.from(end.chain).toString('hex');
    console.log(`${name}: ${end.nextOffset - first} commits are intact, chain ${chain}`);
    if (first > 0) console.log(`${name}: ${trimmedNote(first)}`);
    if (end.tornTail)
      console.log(`${name}: ${end.tornTail.bytes} bytes of an interrupted write will be cut off by the next start`);
  }
}

function trimmedNote(first: number): string {
  return `history begins at commit ${first}: what came before was trimmed (--log-keep-days of the hub)`;
}

function headOf({ offset, timestampMicros, origin, caller }: Commit): string {
  const time = new Date(Number(timestampMicros / 1000n)).toISOString();
  return `${String(offset).padStart(8)}  ${time}  ${oneLine(origin)}  by ${identityToHex(caller).slice(0, 16)}`;
}

function totalsOf(state: RecoveredState, { table, inserts, deletes }: TableChange): string {
  return `${nameOf(state, table)} +${inserts.length} -${deletes.length}`;
}

/** One line for programs. */
function jsonOf(state: RecoveredState, commit: Commit, changes: readonly TableChange[], hasRows: boolean): string {
  const { offset, timestampMicros, origin, caller } = commit;
  const time = new Date(Number(timestampMicros / 1000n)).toISOString();
  const told = changes.map((change) => {
    const { table, inserts, deletes } = change;
    const counts = { table: nameOf(state, table), inserted: inserts.length, deleted: deletes.length };
    return hasRows ? { ...counts, ...rowsOf(state, change) } : counts;
  });
  return JSON.stringify({ offset, time, origin, caller: identityToHex(caller), changes: told });
}

function rowsOf(state: RecoveredState, { table, inserts, deletes }: TableChange): object {
  if (!isShown(state, table)) return {};
  const { row } = state.store.table(table).def;
  const read = (bytes: Uint8Array): unknown => parseJson(jsonText(row, bytes));
  return { deletedRows: deletes.map(read), insertedRows: inserts.map(read) };
}

/** The engine's own tables hold what no reader of a history wants, such as whole modules. */
function isShown(state: RecoveredState, table: TableChange['table']): boolean {
  return state.store.hasTable(table) && !nameOf(state, table).startsWith('st_');
}

function printRows(state: RecoveredState, { table, inserts, deletes }: TableChange): void {
  if (!isShown(state, table)) return;
  const name = nameOf(state, table);
  const { row } = state.store.table(table).def;
  for (const bytes of deletes) console.log(`          - ${name} ${oneLine(jsonText(row, bytes))}`);
  for (const bytes of inserts) console.log(`          + ${name} ${oneLine(jsonText(row, bytes))}`);
}

function nameOf(state: RecoveredState, table: TableChange['table']): string {
  return state.store.hasTable(table) ? state.store.table(table).def.name : `table ${table}`;
}
