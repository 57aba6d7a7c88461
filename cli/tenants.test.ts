import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, runCli } from './testing/cli.fixture.ts';
import { type MeshHub, startMeshHub } from './testing/mesh-hub.fixture.ts';

let hub: MeshHub;
let elsewhere: string;

beforeAll(async () => {
  hub = await startMeshHub();
  elsewhere = mkdtempSync(join(tmpdir(), 'helix-elsewhere-'));
});
afterAll(async () => {
  await hub.close();
  rmSync(elsewhere, { recursive: true, force: true });
});

/** Somebody at another machine, where no hub runs. */
function guest(...args: readonly string[]): Promise<Ended> {
  return runCli(args, { cwd: elsewhere, env: { HELIX_HOME: join(elsewhere, 'home'), XDG_CONFIG_HOME: elsewhere } });
}

describe('helix tenants join', () => {
  it('makes somebody at another machine a member by the link of an invite, who then needs --hub alone', async () => {
    const stranger = await guest('tasks', '--hub', hub.url);
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining('helix tenants join <link>')]);

    const link = await hub.told('members', 'invite', '--role', 'viewer');
    const joined = await guest('tenants', 'join', link, '--name', 'Ada');
    expect(joined).toMatchObject({ code: 0, stdout: 'You are a member of local (tenant 1).\n' });
    expect(joined.stderr).toContain(`--hub ${hub.url}, or HELIX_HUB=${hub.url}`);

    const local = hub.url.replace('127.0.0.1', 'localhost');
    expect(await guest('tenants', 'list', '--hub', local)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/local +viewer/),
    });
    expect(await hub.told('members', 'list')).toMatch(/Ada +viewer/);
    expect((await guest('members', 'invite', '--hub', hub.url)).stderr).toMatch(/The hub refused: /);
  });

  it('takes no link that was withdrawn', async () => {
    const link = await hub.told('members', 'invite');
    const handle = /#code=(\w{4})/.exec(link)?.[1] ?? '';
    await hub.told('limb', 'invite');
    const listed = await hub.told('members', 'invites');
    expect(listed).toMatch(new RegExp(`^${handle}-… +a member, as operator +\\d{4}-`, 'm'));
    expect(listed).toMatch(/^\w{4}-… +a limb +\d{4}-/m);
    expect(await hub.told('members', 'withdraw', handle.toLowerCase())).toContain(`${handle}-… lets nobody in`);
    expect(JSON.parse(await hub.told('members', 'invites', '--json'))).not.toContainEqual(
      expect.objectContaining({ handle }),
    );
    expect((await guest('tenants', 'join', link, '--name', 'Ada')).stderr).toMatch(/invalid-code: /);
    expect((await hub.helix('members', 'withdraw', link)).stderr).toContain(
      `There is no open invite ${handle}-…: open`,
    );
  });

  it('takes a link once, and says what a link is', async () => {
    const link = await hub.told('link', '--role', 'operator');
    expect((await guest('tenants', 'join', link, '--name', 'Ada')).code).toBe(0);
    expect((await guest('tenants', 'join', link, '--name', 'Ada')).stderr).toMatch(/invalid-code: /);
    expect((await guest('tenants', 'join', hub.url, '--name', 'Ada')).stderr).toMatch(/no link of an invite/);
  });
});
