import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { messageOf, TunnelError } from '../errors.ts';

/** @throws TunnelError `no-systemd`, `not-root` */
export function requireSystemd(): void {
  if (!existsSync('/run/systemd/system'))
    throw new TunnelError('no-systemd', 'No systemd runs here, which services need');
  if (process.getuid?.() !== 0) throw new TunnelError('not-root', 'Only root installs services: run it with sudo');
}

/** @throws TunnelError `systemctl-failed` */
export async function systemctl(...args: string[]): Promise<void> {
  try {
    await promisify(execFile)('systemctl', args);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() || messageOf(error);
    throw new TunnelError('systemctl-failed', `\`systemctl ${args.join(' ')}\` failed: ${said}`, { cause: error });
  }
}
