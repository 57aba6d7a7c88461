import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf, TunnelError } from '../errors.ts';
import { requireProgram } from '../process/program.ts';
import type { Backend } from './backend.ts';

const steps = (ufw: string): string =>
  [
    // Its rules are put away, in files beside the old ones.
    `${ufw} --force reset`,
    `${ufw} default deny incoming`,
    `${ufw} default deny routed`,
    `${ufw} default allow outgoing`,
    `${ufw} --force enable`,
    '',
  ].join('\n');

/** ufw itself lets answers, loopback, leases and neighbours in, and also pings and multicast DNS. */
export const ufw: Backend = {
  name: 'ufw',
  rules: steps('ufw'),
  apply: () => `set -e\n${steps(program())}`,
  async rollback() {
    const path = program();
    const { stdout } = await promisify(execFile)('tar', ['-C', '/', '-cz', ...kept], {
      encoding: 'buffer',
      maxBuffer: 16 * 1024 * 1024,
    });
    const wasActive = /^Status: active/m.test(await status());
    return [
      'set -e',
      `${path} --force disable`,
      `base64 -d <<'END' | tar -C / -xz`,
      stdout.toString('base64').replaceAll(/.{76}/g, '$&\n'),
      'END',
      wasActive ? `${path} --force enable` : '',
      '',
    ].join('\n');
  },
  async isOn() {
    const text = await status();
    return (
      /^Status: active/m.test(text) &&
      /^Default: (deny|reject) \(incoming\)/m.test(text) &&
      !/\b(ALLOW|LIMIT)\b/.test(text)
    );
  },
};

/** What its commands change. */
const kept = ['etc/ufw/user.rules', 'etc/ufw/user6.rules', 'etc/ufw/ufw.conf', 'etc/default/ufw'];

function program(): string {
  return requireProgram('ufw', 'run `apt-get install ufw`, or use nftables');
}

async function status(): Promise<string> {
  try {
    return (await promisify(execFile)(program(), ['status', 'verbose'])).stdout;
  } catch (error) {
    if (error instanceof TunnelError) throw error;
    const said = (error as { stderr?: string }).stderr?.trim() || messageOf(error);
    throw new TunnelError('firewall-unreadable', `ufw does not say what it does: ${said}`, { cause: error });
  }
}
