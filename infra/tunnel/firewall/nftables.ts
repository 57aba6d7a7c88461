import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf, TunnelError } from '../errors.ts';
import { requireProgram } from '../process/program.ts';
import type { Backend } from './backend.ts';
import { rules } from './rules.ts';

const table = ['table', 'inet', 'helix_firewall'];

export const nftables: Backend = {
  name: 'nftables',
  rules,
  async rollback() {
    const before = await list();
    const lines = [table.join(' '), `delete ${table.join(' ')}`, before ?? ''];
    return `${nft()} -f - <<'END'\n${lines.join('\n')}\nEND\n`;
  },
  apply: () => `${nft()} -f - <<'END'\n${rules}END\n`,
  async isOn() {
    return /type filter hook input [^;]*; policy drop;/.test((await list()) ?? '');
  },
};

function nft(): string {
  return requireProgram('nft', 'run `apt-get install nftables`');
}

/** The table as it is now; undefined when there is none. */
async function list(): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(nft(), ['list', ...table])).stdout;
  } catch (error) {
    if (error instanceof TunnelError) throw error;
    const said = (error as { stderr?: string }).stderr ?? messageOf(error);
    if (/No such file or directory/.test(said)) return undefined;
    const why = /Operation not permitted/.test(said) ? 'only root may look at it' : said.trim();
    throw new TunnelError('firewall-unreadable', `The firewall cannot be read: ${why}`, { cause: error });
  }
}
