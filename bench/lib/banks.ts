import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BankLoadAsks } from '../processes/bank-load.ts';
import type { HelixAsks } from '../processes/helix.ts';
import type { NullAsks } from '../processes/null.ts';
import { bank } from '../settings.ts';
import type { ProbeAsks } from './answer.ts';
import type { Bench } from './cell.ts';
import { type Asks, Child } from './child.ts';
import type { Entrant } from './contest.ts';
import { startPostgres } from './postgres.ts';

/** A bank that runs as a process, with the process that loads it. */
export interface Bank {
  readonly system: string;
  readonly server: Child<ProbeAsks>;
  readonly load: Child<BankLoadAsks>;
  stop(): Promise<void>;
}

/** Connections of the Node server to PostgreSQL: the number that was fastest here, of 4, 8, 16, 32 and 64. */
export const postgresConnections = 16;

const bankModule = fileURLToPath(new URL('../modules/bank.ts', import.meta.url));

export const systems = {
  helix: 'Helix',
  sqlite: 'Node + SQLite',
  postgres: 'Node + PostgreSQL',
  nothing: 'null server',
} as const;

export async function helixBank({ folder, nodeOptions }: Bench): Promise<Bank> {
  const server = new Child<HelixAsks>('helix', nodeOptions);
  const data = join(folder, `helix-${process.hrtime.bigint()}`);
  return opened(systems.helix, server, 'socket', () => server.ask('start', { module: bankModule, name: 'bank', data }));
}

export async function sqliteBank({ folder }: Bench): Promise<Bank> {
  const server = new Child<{ start(argument: { file: string; synchronous: string }): string }>('sqlite');
  const start = { file: join(folder, 'bank.sqlite'), synchronous: 'FULL' };
  return opened(systems.sqlite, server, 'http', () => server.ask('start', start));
}

export async function postgresBank({ folder }: Bench): Promise<Bank> {
  const home = join(folder, 'bank-postgres');
  mkdirSync(home);
  const postgres = await startPostgres(home);
  const server = new Child<{ start(argument: { socketFolder: string; connections: number }): string }>('postgres');
  const start = { socketFolder: postgres.socketFolder, connections: postgresConnections };
  const running = await opened(systems.postgres, server, 'http', async () =>
    String(await server.ask('start', start as never)),
  );
  return {
    ...running,
    async stop() {
      await running.stop();
      await postgres.stop();
    },
  };
}

export async function nullBank(): Promise<Bank> {
  const server = new Child<NullAsks>('null');
  return opened(systems.nothing, server, 'socket', () => server.ask('start', null));
}

/** A bank's closed loop of transfers. */
export function transfers({ system, load }: Bank, inFlight: number, alpha: number): Entrant {
  return {
    system,
    setting: settingOf(inFlight, alpha),
    run: ({ warmupMs, measureMs }) => load.ask('run', { inFlight, alpha, warmupMs, measureMs }),
  };
}

export function settingOf(inFlight: number, alpha: number): string {
  return `${bank.clients} clients × ${inFlight} in flight, alpha ${alpha}`;
}

async function opened<A extends Asks<A>>(
  system: string,
  server: Child<A>,
  kind: 'socket' | 'http',
  start: () => Promise<string>,
): Promise<Bank> {
  const load = new Child<BankLoadAsks>('bank-load');
  const stop = async () => {
    await load.stop();
    await server.stop();
  };
  try {
    await load.ask('connect', { kind, url: await start() });
    await load.ask('openAccounts', null);
    return { system, server: server as unknown as Child<ProbeAsks>, load, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
