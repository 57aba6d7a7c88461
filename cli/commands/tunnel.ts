import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pc from 'picocolors';
import {
  hasUnit,
  type KnownTunnel,
  openTunnel,
  removeUnit,
  type TunnelFolder,
  type TunnelStatus,
} from '../../infra/tunnel/index.ts';
import { Failure } from '../lib/failure.ts';
import { interruption, untilAborted } from '../lib/interruption.ts';
import { findRoot } from '../lib/root.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';
import { pickTunnel, tunnelFolder } from '../lib/tunnels.ts';

interface JsonOption {
  readonly json?: boolean;
}

const upMsMax = 90_000;
const downMsMax = 10_000;
const pollMs = 100;

/** Keeps a tunnel up until this process is asked to end, or in a process of its own. */
export async function tunnelUp(given: string | undefined, { background }: { background?: boolean }): Promise<void> {
  const folder = tunnelFolder();
  const name = await pickTunnel(folder, given);
  if (background) return upInBackground(folder, name);
  const { signal } = interruption();
  const { tunnel, close } = await openTunnel(folder, name);
  try {
    tunnel.onChange(reporter((line) => console.log(line)));
    await untilAborted(tunnel.start(), signal);
    await untilAborted(new Promise<never>(() => {}), signal);
  } finally {
    await close();
  }
}

async function upInBackground(folder: TunnelFolder, name: string): Promise<void> {
  const { pid } = await folder.require(name);
  if (pid !== undefined) throw new Failure(`The tunnel ${name} runs already, in process ${pid}`);
  const log = folder.path(name, 'log');
  const output = openSync(log, 'a', 0o600);
  const child = spawn(process.execPath, [join(findRoot(), 'cli/bin.js'), 'tunnel', 'up', name], {
    detached: true,
    stdio: ['ignore', output, output],
  });
  let hasEnded = false;
  once(child, 'exit').then(() => {
    hasEnded = true;
  });
  const { signal } = interruption();
  const deadlineMs = performance.now() + upMsMax;
  for (;;) {
    const { status, pid: keeper } = await folder.require(name);
    if (keeper === child.pid && status.state === 'up') {
      child.unref();
      console.log(`${name} is up at ${status.address}, kept by process ${child.pid}. Its log is ${log}.`);
      return;
    }
    if (hasEnded) throw new Failure(`The tunnel ${name} did not start: ${status.lastError ?? `see ${log}`}`);
    if (performance.now() > deadlineMs) {
      child.unref();
      const why = status.lastError ?? 'no request came through';
      throw new Failure(
        `The tunnel ${name} is not up yet: ${why}. It is tried again until \`helix tunnel down ${name}\``,
      );
    }
    try {
      await sleep(pollMs, undefined, { signal });
    } catch (error) {
      child.kill('SIGTERM');
      throw signal.reason ?? error;
    }
  }
}

export async function tunnelDown(given: string | undefined): Promise<void> {
  const folder = tunnelFolder();
  const name = await pickTunnel(folder, given);
  const { pid } = await folder.require(name);
  if (pid === undefined) return console.log(`${name} is down already.`);
  if (hasUnit(name)) {
    throw new Failure(
      `A service keeps ${name} up: run \`systemctl stop helix-tunnel-${name}\`, or remove it by \`helix tunnel remove ${name}\``,
    );
  }
  process.kill(pid, 'SIGTERM');
  const deadlineMs = performance.now() + downMsMax;
  while (isAlive(pid)) {
    if (performance.now() > deadlineMs)
      throw new Failure(`Process ${pid}, which keeps ${name} up, does not end: run \`kill -9 ${pid}\``);
    await sleep(pollMs);
  }
  console.log(`${name} is down.`);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

export async function tunnelStatus(given: string | undefined, { json }: JsonOption): Promise<void> {
  const folder = tunnelFolder();
  const found = await folder.require(await pickTunnel(folder, given));
  if (json) console.log(JSON.stringify(plain(found)));
  else {
    const { definition, status, pid } = found;
    const { state, address, lastError, restartCount, sinceMs } = status;
    const since = sinceMs === 0 ? '' : ` since ${new Date(sinceMs).toISOString()}`;
    console.log(`${pc.bold(definition.name)} (${definition.provider.kind}) is ${stateText(state)}${since}.`);
    if (address !== undefined) console.log(`  reached at   ${address}`);
    console.log(`  leads to     ${exposed(found)}, by its gate on 127.0.0.1:${definition.gatePort}`);
    console.log(`  open to all  ${openingsOf(found)}`);
    if (pid !== undefined) console.log(`  kept by      process ${pid}, started anew ${restartCount} times`);
    if (lastError !== undefined) console.log(`  last error   ${oneLine(lastError)}`);
  }
  if (found.status.state !== 'up') process.exitCode = 1;
}

export async function tunnelList({ json }: JsonOption): Promise<void> {
  const tunnels = await tunnelFolder().list();
  if (json) return console.log(JSON.stringify(tunnels.map(plain)));
  if (tunnels.length === 0) return console.log('No tunnel is set up here: see `helix tunnel setup --help`.');
  const rows = tunnels.map((found) => [
    found.definition.name,
    found.definition.provider.kind,
    stateText(found.status.state),
    found.status.address ?? '-',
    exposed(found),
    oneLine(found.status.lastError ?? ''),
  ]);
  console.log(textTable(['name', 'kind', 'state', 'reached at', 'leads to', 'last error'], rows));
}

export async function tunnelRemove(name: string): Promise<void> {
  const folder = tunnelFolder();
  await folder.require(name);
  if (hasUnit(name)) await removeUnit(name);
  const { pid } = await folder.require(name);
  if (pid !== undefined) throw new Failure(`${name} is up: run \`helix tunnel down ${name}\` first`);
  await folder.remove(name);
  console.log(`${name} is forgotten.`);
}

/** Hears a tunnel's status and tells what changed, a line each. */
export function reporter(tell: (line: string) => void): (status: TunnelStatus) => void {
  let told = '';
  return ({ state, address, lastError }) => {
    const line =
      state === 'up'
        ? `The tunnel is up at ${address}`
        : lastError !== undefined && (state === 'waiting' || state === 'unhealthy')
          ? `The tunnel is ${stateText(state)}: ${oneLine(lastError)}`
          : '';
    if (line !== '' && line !== told) tell(line);
    if (line !== '') told = line;
  };
}

function stateText(state: TunnelStatus['state']): string {
  switch (state) {
    case 'waiting':
      return 'down, and started anew in a moment';
    case 'unhealthy':
      return 'running, but no request comes through';
    case 'stopped':
      return 'down';
    default:
      return state;
  }
}

function exposed({ definition }: KnownTunnel): string {
  return Object.entries(definition.services)
    .map(([service, port]) => `${service}:${port}`)
    .join(', ');
}

function openingsOf({ definition }: KnownTunnel): string {
  const names = Object.entries(definition.openings).flatMap(([name, isOpen]) => (isOpen ? [name] : []));
  return names.length === 0 ? 'nothing' : names.join(', ');
}

function plain({ definition, status, pid }: KnownTunnel) {
  const { name, provider, services, openings, gatePort } = definition;
  const { address = null, lastError = null, sinceMs, ...rest } = status;
  const since = sinceMs === 0 ? null : new Date(sinceMs).toISOString();
  return {
    name,
    kind: provider.kind,
    ...rest,
    address,
    lastError,
    since,
    pid: pid ?? null,
    services,
    openings,
    gatePort,
  };
}
