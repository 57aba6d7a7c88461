import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf, TunnelError } from '../errors.ts';
import { findProgram, requireProgram } from '../process/program.ts';
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
    const text = (await list()) ?? '';
    if (!/type filter hook input [^;]*; policy drop;/.test(text)) return false;
    const foreign = foreignRules(text);
    if (foreign.length === 0) return true;
    const message = `Its table has rules that are not of Helix (${foreign.join('; ')}): run \`helix tunnel firewall apply\` to have only its own`;
    throw new TunnelError('firewall-changed', message);
  },
};

/** Takes the table away, whoever made it; nothing else is in it. @returns whether there was one */
export async function deleteTable(): Promise<boolean> {
  if (findProgram('nft') === undefined || (await list()) === undefined) return false;
  await promisify(execFile)(nft(), ['delete', ...table]);
  return true;
}

/** Rules of a table as it is listed that may let in what the rules of Helix do not. */
function foreignRules(listed: string): string[] {
  const own = new Set(statementsOf(rules));
  const lettingIn = /\b(accept|jump|goto|queue|vmap)\b/;
  return statementsOf(listed).filter((statement) => lettingIn.test(statement) && !own.has(statement));
}

function statementsOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('type '));
}

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
