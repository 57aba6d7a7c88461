import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Definition, definition, tunnelName } from './definition.ts';
import { TunnelError } from './errors.ts';
import { markOf } from './process/alive.ts';
import type { TunnelStatus } from './tunnel.ts';

const record = z.object({
  pid: z.int(),
  process: z.string(),
  state: z.enum(['stopped', 'starting', 'up', 'unhealthy', 'waiting', 'failed']),
  address: z.string().optional(),
  lastError: z.string().optional(),
  restartCount: z.int(),
  sinceMs: z.number(),
});

/** A tunnel of this machine, whether it runs or not. */
export interface KnownTunnel {
  readonly definition: Definition;
  readonly status: TunnelStatus;
  /** The process that keeps it; undefined when it does not run. */
  readonly pid: number | undefined;
}

/** Where the tunnels of one installation are: each has a folder, and nobody else may read any of it. */
export class TunnelFolder {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** A file of one tunnel. */
  path(name: string, file: 'definition.json' | 'state.json' | 'config.yml' | 'token' | 'log'): string {
    return join(this.folder, name, file);
  }

  async names(): Promise<string[]> {
    const found = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return found.filter((name) => tunnelName.safeParse(name).success).sort();
  }

  async list(): Promise<KnownTunnel[]> {
    const all = await Promise.all((await this.names()).map((name) => this.find(name)));
    return all.filter((tunnel) => tunnel !== undefined);
  }

  /** @throws TunnelError `tunnel-damaged` */
  async find(name: string): Promise<KnownTunnel | undefined> {
    const text = await readIfThere(this.path(name, 'definition.json'));
    if (text === undefined) return undefined;
    const parsed = definition.safeParse(parseJson(text));
    if (!parsed.success) {
      const message = `${this.path(name, 'definition.json')} is damaged: run \`helix tunnel setup\` again. ${z.prettifyError(parsed.error)}`;
      throw new TunnelError('tunnel-damaged', message);
    }
    const state = record.safeParse(parseJson((await readIfThere(this.path(name, 'state.json'))) ?? ''));
    return { definition: parsed.data, ...statusOf(state.data) };
  }

  /** @throws TunnelError `no-such-tunnel` */
  async require(name: string): Promise<KnownTunnel> {
    const found = await this.find(name);
    if (found) return found;
    const names = await this.names();
    const known = names.length === 0 ? 'none is set up yet' : `there is ${names.join(', ')}`;
    throw new TunnelError(
      'no-such-tunnel',
      `There is no tunnel ${name} here, ${known}: see \`helix tunnel setup --help\``,
    );
  }

  writeDefinition(value: Definition): void {
    this.write(value.name, 'definition.json', `${JSON.stringify(value, undefined, 2)}\n`);
  }

  /** Says what this process's tunnel does, for whoever asks. */
  writeStatus(name: string, status: TunnelStatus): void {
    const value = { ...status, pid: process.pid, process: markOf(process.pid) ?? '' };
    this.write(name, 'state.json', `${JSON.stringify(value)}\n`);
  }

  /** Writes a file whole or not at all. */
  write(name: string, file: 'definition.json' | 'state.json' | 'config.yml' | 'token', text: string): void {
    const path = this.path(name, file);
    mkdirSync(join(this.folder, name), { recursive: true, mode: 0o700 });
    chmodSync(join(this.folder, name), 0o700);
    const draft = `${path}.${process.pid}.new`;
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, path);
  }

  /** The token for services that ask for none themselves; made when there is none yet. */
  async token(name: string): Promise<string> {
    const known = (await readIfThere(this.path(name, 'token')))?.trim();
    if (known) return known;
    const token = randomBytes(32).toString('base64url');
    this.write(name, 'token', `${token}\n`);
    return token;
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.folder, name), { recursive: true });
  }
}

const stopped: TunnelStatus = {
  state: 'stopped',
  address: undefined,
  lastError: undefined,
  restartCount: 0,
  sinceMs: 0,
};

/** What a process has written is true only while it lives, but for how it failed. */
function statusOf(state: z.infer<typeof record> | undefined): Pick<KnownTunnel, 'status' | 'pid'> {
  if (state === undefined) return { status: stopped, pid: undefined };
  const { pid, process: mark, address, lastError, restartCount, sinceMs } = state;
  const isAlive = mark !== '' && markOf(pid) === mark && state.state !== 'stopped' && state.state !== 'failed';
  const kept = { address: isAlive ? address : undefined, lastError, restartCount, sinceMs };
  if (isAlive) return { status: { ...kept, state: state.state }, pid };
  return { status: { ...kept, state: state.state === 'failed' ? 'failed' : 'stopped' }, pid: undefined };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new TunnelError('tunnel-unreadable', `${file} cannot be read (${code}): check its owner`, { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
