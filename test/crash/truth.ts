import type { HostedDatabase } from '../../engine/database.ts';
import { readAccount, readAlarm, readJournal, readRung } from './ledger-wire.ts';
import type { Truth } from './witness.ts';

/** What the store of a ledger holds, read row by row. */
export function truthOf({ engine }: HostedDatabase): Truth {
  const rows = (name: string) => {
    const reader = engine.store.tables().find(({ def }) => def.name === name);
    if (!reader) throw new Error(`there is no table ${name}`);
    return reader.scan().map((handle) => Buffer.from(reader.row(handle)));
  };
  const journal = rows('journal').map(readJournal);
  return {
    calls: journal.sort((a, b) => Number(a.place - b.place)).map(({ call }) => call),
    accounts: rows('account').map(readAccount),
    alarms: rows('alarm').map(readAlarm),
    rings: rows('rung').map(readRung),
  };
}
