import type { ProductType, SumType, Type } from '../bsatn/type.ts';
import type { ModuleDef, ModuleIndex, ModuleTable } from './definition.ts';

/** One thing that an update of a module does to a database. */
export type MigrationStep =
  | { readonly kind: 'create-table'; readonly table: ModuleTable }
  | { readonly kind: 'drop-table'; readonly table: ModuleTable }
  | { readonly kind: 'alter-table'; readonly from: ModuleTable; readonly to: ModuleTable; readonly changes: string[] }
  | { readonly kind: 'function'; readonly change: string };

export type MigrationPlan =
  | {
      readonly kind: 'auto';
      readonly steps: readonly MigrationStep[];
      /** Why connected clients cannot go on with their bindings; empty when they can. */
      readonly breaks: readonly string[];
    }
  | { readonly kind: 'manual'; readonly reasons: readonly string[] };

/**
 * What it takes to go from one definition to the next with the rows kept, or why that cannot be done.
 * @param rowCount how many rows a table of the running module holds, by canonical name
 */
export function planMigration(from: ModuleDef, to: ModuleDef, rowCount: (table: string) => number): MigrationPlan {
  const steps: MigrationStep[] = [];
  const breaks: string[] = [];
  const reasons: string[] = [];
  const matched = new Set<ModuleTable>();
  for (const next of to.tables) {
    const earlier = findEarlier(from, to, next);
    if (!earlier) {
      steps.push({ kind: 'create-table', table: next });
      continue;
    }
    matched.add(earlier);
    const change = compareTables(earlier, next);
    reasons.push(...change.reasons);
    breaks.push(...change.breaks);
    if (change.changes.length > 0)
      steps.push({ kind: 'alter-table', from: earlier, to: next, changes: change.changes });
  }
  for (const earlier of from.tables) {
    if (matched.has(earlier)) continue;
    const rows = rowCount(earlier.name);
    const count = `${rows} ${rows === 1 ? 'row' : 'rows'}`;
    if (rows > 0) reasons.push(`Removing the table ${earlier.name} needs it to be empty: it has ${count}`);
    else steps.push({ kind: 'drop-table', table: earlier });
  }
  compareFunctions(from, to, steps, breaks);
  return reasons.length > 0 ? { kind: 'manual', reasons } : { kind: 'auto', steps, breaks };
}

/** The plan in words, one step a line. */
export function describePlan(plan: MigrationPlan & { kind: 'auto' }): string {
  const lines = plan.steps.flatMap(describeStep);
  if (lines.length === 0) lines.push('no changes to the schema');
  for (const reason of plan.breaks) lines.push(`BREAKS CLIENTS: ${reason}`);
  return lines.join('\n');
}

function describeStep(step: MigrationStep): string[] {
  switch (step.kind) {
    case 'create-table':
      return [`create table ${step.table.name}`];
    case 'drop-table':
      return [`drop the empty table ${step.table.name}`];
    case 'alter-table':
      return step.changes.map((change) => `table ${step.to.name}: ${change}`);
    case 'function':
      return [step.change];
  }
}

/** A table keeps its rows under its canonical name, or, when that changed, under its source name. */
function findEarlier(from: ModuleDef, to: ModuleDef, next: ModuleTable): ModuleTable | undefined {
  const same = from.tables.find((table) => table.name === next.name);
  if (same) return same;
  const renamed = from.tables.find((table) => table.sourceName === next.sourceName);
  return renamed && !to.tables.some((table) => table.name === renamed.name) ? renamed : undefined;
}

interface TableChange {
  readonly changes: string[];
  readonly breaks: string[];
  readonly reasons: string[];
}

function compareTables(from: ModuleTable, to: ModuleTable): TableChange {
  const change: TableChange = { changes: [], breaks: [], reasons: [] };
  const where = `table ${to.name}`;
  if (from.name !== to.name) change.changes.push(`renamed from ${from.name}`);
  if (from.isEvent !== to.isEvent) change.reasons.push(`Changing whether ${where} is an event table is not possible`);
  if (from.primaryKey !== to.primaryKey) change.reasons.push(`Changing the primary key of ${where} is not possible`);
  compareColumns(from, to, change);
  compareUniques(from, to, change);
  compareIndexes(from, to, change);
  const sequences = (table: ModuleTable) => table.sequences.map((sequence) => sequence.column);
  for (const column of sequences(to)) {
    if (!sequences(from).includes(column)) change.changes.push(`add a sequence on ${columnName(to, column)}`);
  }
  for (const column of sequences(from)) {
    if (!sequences(to).includes(column)) change.changes.push(`remove the sequence on ${columnName(to, column)}`);
  }
  if (from.isPublic && !to.isPublic) {
    change.changes.push('becomes private');
    change.breaks.push(`${where} becomes private`);
  } else if (!from.isPublic && to.isPublic) change.changes.push('becomes public');
  if ((from.schedule === undefined) !== (to.schedule === undefined)) change.changes.push('its schedule changes');
  return change;
}

function compareColumns(from: ModuleTable, to: ModuleTable, change: TableChange): void {
  const where = `table ${to.name}`;
  const shared = Math.min(from.row.fields.length, to.row.fields.length);
  for (let at = 0; at < shared; at++) {
    const before = from.row.fields[at];
    const after = to.row.fields[at];
    if (!before || !after) continue;
    if (before.name !== after.name) {
      change.reasons.push(
        `Column ${at} of ${where} was ${before.name} and is now ${after.name}: renaming, removing, reordering and inserting columns need a manual migration`,
      );
      return;
    }
    const verdict = compareTypes(before.type, after.type);
    if (verdict === 'incompatible') {
      change.reasons.push(`Changing the type of column ${before.name} of ${where} needs a manual migration`);
    } else if (verdict === 'wider') change.changes.push(`column ${before.name} takes more variants`);
  }
  for (const removed of from.row.fields.slice(shared)) {
    change.reasons.push(`Removing column ${removed.name} from ${where} needs a manual migration`);
  }
  for (let at = shared; at < to.row.fields.length; at++) {
    const name = columnName(to, at);
    if (to.defaults.some((entry) => entry.column === at)) {
      change.changes.push(`add column ${name}`);
      change.breaks.push(`${where} gets the column ${name}`);
    } else {
      change.reasons.push(`Adding column ${name} to ${where} needs a default value annotation`);
    }
  }
}

function compareUniques(from: ModuleTable, to: ModuleTable, change: TableChange): void {
  const before = new Set(from.uniques.map((unique) => columnSet(unique.columns)));
  const after = new Set(to.uniques.map((unique) => columnSet(unique.columns)));
  for (const unique of to.uniques) {
    if (before.has(columnSet(unique.columns))) continue;
    change.reasons.push(`Adding the unique constraint ${unique.name} to table ${to.name} needs a manual migration`);
  }
  for (const unique of from.uniques) {
    if (!after.has(columnSet(unique.columns))) change.changes.push(`remove the unique constraint ${unique.name}`);
  }
}

function compareIndexes(from: ModuleTable, to: ModuleTable, change: TableChange): void {
  for (const next of to.indexes) {
    const earlier = from.indexes.find((index) => index.name === next.name);
    if (!earlier) change.changes.push(`add the index ${next.name}`);
    else if (earlier.accessor !== next.accessor) {
      change.reasons.push(
        `Changing the accessor of index ${next.name} from ${earlier.accessor} to ${next.accessor} needs a manual migration`,
      );
    } else if (!sameIndex(earlier, next)) change.changes.push(`rebuild the index ${next.name}`);
  }
  for (const earlier of from.indexes) {
    if (!to.indexes.some((index) => index.name === earlier.name))
      change.changes.push(`remove the index ${earlier.name}`);
  }
}

function compareFunctions(from: ModuleDef, to: ModuleDef, steps: MigrationStep[], breaks: string[]): void {
  interface Entry {
    readonly name: string;
    readonly isCallable?: boolean;
  }
  const compare = (what: string, before: readonly Entry[], after: readonly Entry[]) => {
    for (const { name } of after) {
      if (!before.some((other) => other.name === name)) steps.push({ kind: 'function', change: `add ${what} ${name}` });
    }
    for (const { name, isCallable } of before) {
      if (after.some((other) => other.name === name)) continue;
      steps.push({ kind: 'function', change: `remove ${what} ${name}` });
      if (isCallable) breaks.push(`the ${what} ${name} is removed`);
    }
  };
  compare('reducer', from.reducers, to.reducers);
  compare('procedure', from.procedures, to.procedures);
  compare('view', from.views, to.views);
  if (from.rowLevelSecurity.join('\n') !== to.rowLevelSecurity.join('\n')) {
    steps.push({ kind: 'function', change: 'change the row-level security' });
  }
  for (const next of to.reducers) {
    const earlier = from.reducers.find((reducer) => reducer.name === next.name);
    if (!earlier) continue;
    const product = (fields: ProductType['fields']): ProductType => ({ kind: 'product', fields });
    if (compareTypes(product(earlier.params), product(next.params)) === 'same') continue;
    steps.push({ kind: 'function', change: `change the arguments of reducer ${next.name}` });
  }
}

type Verdict = 'same' | 'wider' | 'incompatible';

/** Whether a value of one type is, byte for byte, a value of the other. */
function compareTypes(from: Type, to: Type, seen = new Map<Type, Type>()): Verdict {
  if (from.kind !== to.kind) return 'incompatible';
  if (seen.get(from) === to) return 'same';
  seen.set(from, to);
  if (from.kind === 'array' && to.kind === 'array') return compareTypes(from.of, to.of, seen);
  if (from.kind === 'product' && to.kind === 'product') return compareFields(from.fields, to.fields, false, seen);
  if (from.kind === 'sum' && to.kind === 'sum') return compareVariants(from, to, seen);
  return 'same';
}

function compareVariants(from: SumType, to: SumType, seen: Map<Type, Type>): Verdict {
  return compareFields(from.variants, to.variants, true, seen);
}

function compareFields(
  from: ProductType['fields'],
  to: ProductType['fields'],
  mayGrow: boolean,
  seen: Map<Type, Type>,
): Verdict {
  if (to.length < from.length || (to.length > from.length && !mayGrow)) return 'incompatible';
  let verdict: Verdict = to.length > from.length ? 'wider' : 'same';
  for (const [at, before] of from.entries()) {
    const after = to[at];
    if (!after || before.name !== after.name) return 'incompatible';
    const inner = compareTypes(before.type, after.type, seen);
    if (inner === 'incompatible') return inner;
    if (inner === 'wider') verdict = 'wider';
  }
  return verdict;
}

function sameIndex(a: ModuleIndex, b: ModuleIndex): boolean {
  return a.algorithm === b.algorithm && a.isUnique === b.isUnique && a.columns.join() === b.columns.join();
}

function columnSet(columns: readonly number[]): string {
  return [...columns].sort((a, b) => a - b).join();
}

function columnName(table: ModuleTable, column: number): string {
  return table.row.fields[column]?.name ?? `#${column}`;
}
