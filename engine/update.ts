import type { HostedDatabase } from './database.ts';
import { assert, Rejection } from './errors.ts';
import type { LoadedModule } from './module/instance.ts';
import { type MigrationPlan, planMigration } from './module/migration.ts';
import { alterTables, conflictsWithRows, hashBundle } from './program.ts';
import type { PublishRequest } from './serve/contract.ts';
import type { Transaction } from './store/contract.ts';
import type { TableDef } from './store/definition.ts';
import { StoreRejection } from './store/rejection.ts';
import { nameTable, programRow, programTable } from './system.ts';

/** What has to happen to the tables and rows of a database for a module to run on them. */
export function planUpdate({ engine }: HostedDatabase, module: LoadedModule): MigrationPlan {
  const plan = planMigration(engine.def, module.def, (name) => {
    const table = engine.catalog.tableByName(name);
    return table ? engine.store.table(table.stored.id).rowCount : 0;
  });
  const reasons = plan.kind === 'auto' ? conflictsWithRows(engine.store, plan, engine.catalog) : [];
  return reasons.length > 0 ? { kind: 'manual', reasons } : plan;
}

/** Confirms that an update is the one whose plan was shown. */
export function planToken(database: HostedDatabase, bundle: string): string {
  return hashBundle(`${hashBundle(database.bundle)} ${hashBundle(bundle)}`);
}

/**
 * Puts a module in the place of the one that runs, with its rows and its clients; done when it is on disk.
 *
 * @throws Rejection when the rows do not allow it, or when it breaks clients and the request does not allow that
 */
export async function updateModule(
  database: HostedDatabase,
  module: LoadedModule,
  { bundle, token, breakClients }: PublishRequest,
): Promise<void> {
  const plan = planUpdate(database, module);
  if (plan.kind === 'manual') throw new Rejection('manual-migration', plan.reasons.join('\n'));
  const isConfirmed = token === undefined || token === planToken(database, bundle);
  if (plan.breaks.length > 0 && !(breakClients && isConfirmed)) {
    const advice = isConfirmed
      ? 'Publish again with policy=BreakClients.'
      : 'The token confirms another plan: ask for the plan again.';
    throw new Rejection('breaks-clients', `this update breaks connected clients: ${plan.breaks.join('; ')}. ${advice}`);
  }
  const { engine, names } = database;
  engine.requireRoom(bundle.length + 64 * 1024);
  const rows: Uint8Array[] = [];
  for (const step of plan.steps) {
    if (step.kind === 'alter-table' && step.from.name !== step.to.name) {
      rows.push(names.rename(step.from.name, step.to.name));
    }
  }
  rows.push(...names.assign(module.def));
  const catalog = alterTables(engine.store, plan, engine.catalog, module.def, names);
  engine.replace(module, catalog, (tx) => {
    for (const row of rows) replaceRow(tx, nameTable, row);
    replaceRow(tx, programTable, programRow(bundle));
  });
  database.bundle = bundle;
  if (plan.breaks.length > 0) {
    const message = 'Disconnecting all users: the update breaks what their bindings say';
    engine.logs.add({ level: 'Info', ts: engine.nowMicros(), message });
    engine.clients.closeAll(1012, 'the module was updated; reload to get the new version');
  }
  await engine.durable(engine.offset);
}

function replaceRow(tx: Transaction, table: TableDef, row: Uint8Array): void {
  const [index] = table.indexes;
  assert(index, `the system table ${table.name} has no index`);
  try {
    tx.update(table.id, index.id, row);
  } catch (error) {
    if (!(error instanceof StoreRejection) || error.code !== 'no-such-row') throw error;
    tx.insert(table.id, row);
  }
}
