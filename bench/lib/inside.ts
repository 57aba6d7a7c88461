import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InsideAsks } from '../processes/helix-inside.ts';
import type { Bench } from './cell.ts';
import { Child } from './child.ts';
import type { Hosted } from './open-host.ts';

const modules = fileURLToPath(new URL('../modules/', import.meta.url));

/** Hosts a module of `bench/modules` in a process that uses it without sockets. */
export async function startInside(
  { folder, nodeOptions }: Bench,
  name: string,
  data: string,
  options: Pick<Hosted, 'snapshotAfterBytes'> = {},
): Promise<{ readonly child: Child<InsideAsks>; readonly startMs: number }> {
  const child = new Child<InsideAsks>('helix-inside', ['--expose-gc', ...nodeOptions]);
  try {
    const startMs = await child.ask('start', {
      ...{ module: `${modules}${name}.ts`, name, data: join(folder, data) },
      ...options,
    });
    return { child, startMs };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** Calls a reducer of two leading arguments `from` and `to` in steps, so that no call takes long. */
export async function fillInSteps(
  child: Child<InsideAsks>,
  reducer: string,
  rowCount: number,
  further: readonly number[] = [],
  rowsACall = 10_000,
): Promise<void> {
  for (let from = 0; from < rowCount; from += rowsACall) {
    const args = [from, Math.min(rowCount, from + rowsACall), ...further];
    await child.ask('call', { reducer, json: JSON.stringify(args) });
  }
}
