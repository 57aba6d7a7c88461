import spacetimedb from './reminders.fixture.ts';

// The next version of the module: everything but two of the reducers has gone.

export { default, fireReminder, writeNote } from './reminders.fixture.ts';

export const clear = spacetimedb.reducer((ctx) => {
  for (const row of [...ctx.db.note.iter()]) ctx.db.note.id.delete(row.id);
});
