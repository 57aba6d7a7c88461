import type { World } from '../world.ts';
import { checkBudgets } from './budgets.ts';
import { checkConcurrency, checkLanes } from './lanes.ts';
import { checkLimbs, checkSilence } from './limbs.ts';
import { checkReasons } from './reasons.ts';
import { Tables } from './tables.ts';
import { checkCompletions, checkTasks } from './tasks.ts';
import { checkUsage } from './usage.ts';

/** What must hold of the tables whatever happened. @throws BrokenPromise */
export function checkPromises(world: World): void {
  const tables = new Tables(world.mesh);
  checkTasks(tables);
  checkCompletions(tables, world);
  checkUsage(tables);
  checkLanes(tables);
  checkConcurrency(tables);
  checkReasons(tables, world);
  checkBudgets(tables);
  checkLimbs(tables);
  checkSilence(tables, world);
}
