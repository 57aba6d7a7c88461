import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DbConnection } from '../bindings/index.ts';
import { connectTo } from '../test/support/hub.ts';
import { type HelixProcess, startHubProcess } from '../test/support/process.ts';
import { runCli } from './testing/cli.fixture.ts';
import { hasPty, startOnTerminal } from './testing/pty.fixture.ts';

const bin = fileURLToPath(new URL('bin.js', import.meta.url));

let hub: HelixProcess;
let url: string;
let folder: string;
let owner: DbConnection;
let options: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'helix-top-'));
  ({ hub, url } = await startHubProcess(join(folder, 'hub')));
  const tokenFile = join(folder, 'hub/operator.token');
  options = ['--hub', url, '--token-file', tokenFile];
  owner = await connectTo(url, readFileSync(tokenFile, 'utf8').trim());
  await submit('Count the sheep');
}, 60_000);

afterAll(async () => {
  owner.disconnect();
  await hub.stop();
  rmSync(folder, { recursive: true });
});

function submit(title: string): Promise<void> {
  const task = { tenantId: 1n, skill: 'reason', title, input: '{}', reference: title, terms: undefined };
  return owner.reducers.submitTask(task);
}

describe('helix top', { timeout: 60_000 }, () => {
  it('--once prints what there is, for a pipe', async () => {
    const { code, stdout } = await runCli(['top', '--once', ...options], { env: { HELIX_HOME: folder } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Helix {2}local /);
    expect(stdout).toMatch(/\n> 1 +queued +Count the sheep\n$/);
    expect(stdout).not.toContain('\x1b');
  });

  it('says what to do where there is no terminal', async () => {
    const { code, stderr } = await runCli(['top', ...options], { env: { HELIX_HOME: folder } });
    expect([code, stderr]).toEqual([1, expect.stringContaining('use `helix top --once`')]);
  });

  it.skipIf(!hasPty)('draws live on a real terminal, follows its size and the keys, and gives it back', async () => {
    const command = [process.execPath, bin, 'top', ...options];
    const terminal = startOnTerminal(command, { HELIX_HOME: folder, TERM: 'xterm-256color' });
    const shown = (): string => terminal.picture().join('\n');
    await expect.poll(shown, { timeout: 30_000 }).toContain('Count the sheep');
    expect(terminal.output().startsWith('\x1b[?1049h')).toBe(true);
    expect(terminal.picture()).toHaveLength(24);
    await submit('Count the geese');
    await expect.poll(shown, { timeout: 20_000 }).toContain('Count the geese');
    terminal.grow();
    await expect.poll(() => terminal.picture().length, { timeout: 20_000 }).toBe(30);
    terminal.type('/sheep\r');
    await expect.poll(shown, { timeout: 20_000 }).not.toContain('geese');
    terminal.type('\r');
    await expect.poll(shown, { timeout: 20_000 }).toMatch(/Task 1 waits: no limb/);
    terminal.type('\x1b');
    await expect.poll(shown, { timeout: 20_000 }).toMatch(/^> 1 /m);
    await hub.kill();
    await expect.poll(shown, { timeout: 20_000 }).toMatch(/hub away for \d/);
    expect(shown()).toMatch(/^> 1 /m);
    ({ hub } = await startHubProcess(join(folder, 'hub'), new URL(url).host));
    await expect.poll(shown, { timeout: 30_000 }).toMatch(/ live /);
    terminal.type('q');
    expect(await terminal.ended).toBe(0);
    expect(terminal.output().trimEnd().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
  });
});
