import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, type Running, runCli, startCli } from './cli.fixture.ts';

/** The hub of the mesh in a process of its own, and a user of its commands. */
export interface MeshHub {
  readonly url: string;
  /** Runs a command as the owner to its end. */
  helix(...args: readonly string[]): Promise<Ended>;
  /** The standard output of a command that must succeed. */
  told(...args: readonly string[]): Promise<string>;
  start(...args: readonly string[]): Running;
  close(): Promise<void>;
}

export async function startMeshHub(): Promise<MeshHub> {
  const home = mkdtempSync(join(tmpdir(), 'helix-cli-'));
  const data = join(home, 'hub');
  const module = ['--module', 'hub/index.ts', '--name', 'helix', '--data', data];
  const hub = startCli(['hub', 'start', ...module, '--listen', '127.0.0.1:0']);
  const url = /(http:\S+)/.exec(await hub.line(/listening/))?.[1] ?? '';
  copyFileSync(join(data, 'operator.token'), join(home, 'owner.token'));
  writeFileSync(join(home, 'hub.json'), JSON.stringify({ url, database: 'helix' }));
  const env = { HELIX_HOME: home, XDG_CONFIG_HOME: home };
  const helix = (...args: readonly string[]) => runCli(args, { env });
  return {
    url,
    helix,
    async told(...args) {
      const { code, stdout, stderr } = await helix(...args);
      if (code !== 0) throw new Error(`helix ${args.join(' ')} ended with ${code}: ${stderr}`);
      return stdout.trim();
    },
    start: (...args) => startCli(args, { env }),
    async close() {
      hub.child.kill('SIGTERM');
      await hub.ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
