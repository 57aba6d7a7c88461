import { createHash } from 'node:crypto';
import { transform } from 'esbuild';
import { LocalDatabases } from '../../engine/databases.ts';
import { VirtualClock } from '../../engine/host/sim/clock.ts';
import type { Dice } from '../../engine/host/sim/dice.ts';
import { SimDisk } from '../../engine/host/sim/disk.ts';
import { SimNet } from '../../engine/host/sim/net.ts';
import type { Authenticator, Credentials } from '../../engine/serve/identity/authority.ts';
import { createCounters } from '../../engine/serve/socket/counters.ts';
import { defaultLimits, type Limits } from '../../engine/serve/socket/limits.ts';
import { Sockets } from '../../engine/serve/socket/sockets.ts';
import { bundleOf } from '../../engine/testing/modules.ts';
import { SeededRandom } from '../../engine/testing/random.ts';
import { ReusedModules } from '../../engine/testing/reused-module.ts';

export const databaseName = 'ledger';
export const dataFolder = '/hub';

/** Only for a module without variables of its own, as the ledger is. */
export const modules = new ReusedModules();

/** Small, so that a few calls reach every bound. */
const limits: Limits = { ...defaultLimits, outgoingMessagesMax: 60, socketBytesMax: 2000, frameBytesMax: 3000 };
const segmentBytesMax = 3000;
/** Snapshots are taken all the time, and nothing is kept that the newest two do not need. */
const snapshots = { afterBytes: 1000, keepMicros: 0n };
const reserveBytes = 5000;

/** A token is the name of its bearer: nothing is signed, because signing takes a thread and so no known time. */
const authority: Authenticator = {
  mint: async () => credentialsOf('somebody'),
  verify: async (token) => credentialsOf(token),
};

function credentialsOf(token: string): Credentials {
  const identity = BigInt(`0x${createHash('sha256').update(token).digest('hex')}`);
  return { identity, token, claims: JSON.stringify({ sub: token }) };
}

export interface MachineParts {
  readonly disk: SimDisk;
  readonly clock: VirtualClock;
  readonly dice: Dice;
  /** What an operator is told. */
  readonly warn: (message: string) => void;
  /** The hub cannot go on. */
  readonly fail: (error: Error) => void;
  /** A bug that was met. */
  readonly report: (error: unknown) => void;
}

/** One process of the whole engine on simulated hardware. Nothing happens but in turns. */
export class Machine {
  readonly net: SimNet;
  readonly #parts: MachineParts;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.net = new SimNet(parts.dice);
  }

  /** Opens the data folder. @throws Rejection when it is damaged */
  open(): Promise<LocalDatabases> {
    const { disk, clock, warn, fail } = this.#parts;
    return LocalDatabases.open({
      ...{ disk, clock, warn, fail, reserveBytes, segmentBytesMax, snapshots },
      random: new SeededRandom(1),
      directory: dataFolder,
      callMsMax: Number.POSITIVE_INFINITY,
      load: modules.load,
    });
  }

  /** Lets clients in. */
  async serve(databases: LocalDatabases): Promise<Sockets> {
    const { clock, report } = this.#parts;
    const random = new SeededRandom(2);
    const counters = createCounters();
    // Only real reducers never end.
    const atTurnEnd = (run: () => void) => void setImmediate(run);
    const sockets = new Sockets({ databases, authority, clock, random, limits, counters, atTurnEnd, report });
    const service = {
      fetch: () => new Response(undefined, { status: 404 }),
      admit: (request: Parameters<Sockets['admit']>[0]) => sockets.admit(request),
    };
    await this.net.listen(service);
    return sockets;
  }

  /** Lets one thing happen: on the disk or on the network. */
  async turn(): Promise<void> {
    const { disk, dice } = this.#parts;
    const isDisk = disk.waitingCount > 0 && (dice.oneIn(2) || !this.net.isBusy);
    if (isDisk) disk.turn();
    else this.net.turn();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async turns(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.turn();
  }
}

let published: Promise<SimDisk> | undefined;

/** A disk with the ledger on it, made once and copied for each history. */
export async function ledgerDisk(seed: number, isLying: boolean): Promise<SimDisk> {
  published ??= publish();
  return (await published).copy({ seed, isLying });
}

async function publish(): Promise<SimDisk> {
  const disk = new SimDisk({ seed: 1 });
  const random = new SeededRandom(1);
  const fail = (error: Error) => {
    throw error;
  };
  const databases = await disk.run(
    LocalDatabases.open({
      ...{ disk, random, fail, reserveBytes, segmentBytesMax, snapshots },
      clock: new VirtualClock(0n),
      directory: dataFolder,
      callMsMax: Number.POSITIVE_INFINITY,
      load: modules.load,
      warn: () => {},
    }),
  );
  const full = await bundleOf('test/fixtures/modules/ledger.ts');
  // Small and without the map of its sources, because every start reads it.
  const { code } = await transform(full.replace(/\n\/\/# sourceMappingURL=.*/, ''), { minify: true });
  const request = { name: databaseName, owner: 1n, bundle: code, clear: false, breakClients: true, token: undefined };
  await disk.run(databases.publish(request));
  await disk.run(databases.close());
  modules.release();
  return disk;
}
