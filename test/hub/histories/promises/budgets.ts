import { hold } from '../hold.ts';
import { byTask, type Tables } from './tables.ts';

/** Nothing is overspent or below nothing, and what is reserved is what open attempts have reserved. */
export function checkBudgets(tables: Tables): void {
  const reservations = tables.rows('reservation');
  const leases = byTask(tables.rows('lease'));
  for (const { taskId } of reservations) hold(leases.has(taskId), `task ${taskId} has reserved and is not at work`);
  for (const { id, unit, bound, spent, reserved } of tables.rows('budget')) {
    // An amount below nothing would come back as one near 2^64.
    hold(spent + reserved <= bound, `budget ${id}: ${spent} spent and ${reserved} reserved of ${bound}`);
    const field = ({ Tokens: 'tokens', Micros: 'micros', Seconds: 'seconds' } as const)[unit.tag];
    const own = reservations.filter(({ budgetIds }) => budgetIds.includes(id));
    const sum = own.reduce((total, row) => total + row[field], 0n);
    hold(sum === reserved, `budget ${id}: ${reserved} reserved, by open attempts ${sum}`);
  }
}
