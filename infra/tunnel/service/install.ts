import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { requireSystemd, systemctl } from './systemctl.ts';
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
