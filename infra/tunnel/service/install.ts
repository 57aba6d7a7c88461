import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { messageOf, TunnelError } from '../errors.ts';
import { type UnitOptions, unitName, unitText } from './unit.ts';

const folder = '/etc/systemd/system';

/** Installs the unit of a tunnel and starts it, now and with the machine. @throws TunnelError `no-systemd`, `not-root` */
export async function installUnit(options: UnitOptions): Promise<string> {
  requireSystemd();
  const file = `${folder}/${unitName(options.name)}`;
  await writeFile(file, unitText(options), { mode: 0o644 });
  await systemctl('daemon-reload');
  await systemctl('enable', unitName(options.name));
  await systemctl('restart', unitName(options.name));
  return file;
}

/** Whether a unit of this tunnel is installed: it would start again what was stopped by hand. */
export function hasUnit(name: string): boolean {
  return existsSync(`${folder}/${unitName(name)}`);
}

/** Stops the unit of a tunnel and takes it away. @throws TunnelError like `installUnit` */
export async function removeUnit(name: string): Promise<void> {
  requireSystemd();
  await systemctl('disable', '--now', unitName(name));
  await rm(`${folder}/${unitName(name)}`);
  await systemctl('daemon-reload');
}

/** @throws TunnelError `no-systemd`, `not-root` */
export function requireSystemd(): void {
  if (!existsSync('/run/systemd/system')) {
    throw new TunnelError('no-systemd', 'No systemd runs here: keep the tunnel up with `helix tunnel up --background`');
  }
  if (process.getuid?.() !== 0) throw new TunnelError('not-root', 'Only root installs services: run it with sudo');
}

async function systemctl(...args: string[]): Promise<void> {
  try {
    await promisify(execFile)('systemctl', args);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() || messageOf(error);
    throw new TunnelError('systemctl-failed', `\`systemctl ${args.join(' ')}\` failed: ${said}`, { cause: error });
  }
}
