import Database from 'better-sqlite3';

/** The bank in SQLite: prepared statements, one transaction a transfer. */
export function openSqliteBank(file, synchronous) {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${synchronous}`);
  db.exec('CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)');
  const find = db.prepare('SELECT balance FROM account WHERE id = ?');
  const update = db.prepare('UPDATE account SET balance = ? WHERE id = ?');
  const insert = db.prepare('INSERT INTO account (id, balance) VALUES (?, ?)');
  return {
    open: db.transaction((from, to, balance) => {
      for (let id = from; id < to; id++) insert.run(id, balance);
    }),
    transfer: db.transaction((from, to, amount) => {
      const source = find.get(from);
      const target = find.get(to);
      if (!source || !target) throw new Error('no such account');
      if (source.balance < amount) throw new Error('insufficient funds');
      update.run(source.balance - amount, from);
      update.run(target.balance + amount, to);
    }),
    close: () => db.close(),
  };
}
