import { hostname } from 'node:os';
import { lockFile } from '../../engine/index.ts';
import { openTunnel } from '../../infra/tunnel/index.ts';
import { LimbError, type LogFormat, standardLog, startLimb, usualFormat } from '../../limbs/index.ts';
import { version } from '../../package.json';
import { Failure } from '../lib/failure.ts';
import { findHome } from '../lib/home.ts';
import { findAddress } from '../lib/hub.ts';
import { Interrupted, interruption, untilAborted } from '../lib/interruption.ts';
import { watchTunnels } from '../lib/tunnel-watch.ts';
import { tunnelFolder } from '../lib/tunnels.ts';
import { reporter } from './tunnel.ts';

export interface LimbStartOptions {
  readonly hub?: string;
  readonly pair?: string;
  readonly name?: string;
  readonly skills?: readonly string[];
  readonly capacity: number;
  readonly healthPort?: number;
  /** The name of one that was set up. */
  readonly tunnel?: string;
  readonly logFormat?: LogFormat;
  /** Seconds. */
  readonly drain: number;
}

/** Works for a hub until it is asked to end. */
export async function limbStart(options: LimbStartOptions): Promise<void> {
  const home = findHome();
  const hub = await findAddress(home, options.hub);
  const signal = AbortSignal.any([interruption().signal, parentGone()]);
  const format = options.logFormat ?? usualFormat();
  const log = standardLog(format);
  const folder = tunnelFolder();
  const watch = await watchTunnels(folder, (error) => log('warn', `The tunnels cannot be looked at: ${error}`));
  const tunnel = options.tunnel === undefined ? undefined : await openTunnel(folder, options.tunnel);
  tunnel?.tunnel.onChange(reporter((line) => log('info', line)));
  // The limb works without it; what is wrong is in its log and on the screen of limbs.
  tunnel?.tunnel.start().catch((error: Error) => log('warn', `The tunnel was given up: ${error.message}`));
  const starting = startLimb({
    folder: home.limb.folder,
    lockFile,
    hub,
    name: options.name ?? hostname(),
    version,
    pairCode: options.pair || undefined,
    env: process.env,
    skills: options.skills,
    capacity: options.capacity,
    healthPort: options.healthPort,
    tunnels: watch,
    log,
  });
  try {
    const limb = await untilAborted(starting, signal);
    await untilAborted(limb.ended, signal);
  } catch (error) {
    if (!(error instanceof LimbError)) throw error;
    if (format === 'text') throw new Failure(error.message, { cause: error });
    log('error', error.message);
    process.exitCode = 1;
  } finally {
    const limb = await starting.catch(() => undefined);
    await limb?.stop(options.drain * 1000);
    watch.stop();
    await tunnel?.close();
  }
}

/** Aborts when the process that started this one, and listens to it, has ended. */
function parentGone(): AbortSignal {
  const controller = new AbortController();
  process.once('disconnect', () => controller.abort(new Interrupted('SIGTERM')));
  // Nobody reads what is still written then.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  return controller.signal;
}
