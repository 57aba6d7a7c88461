import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { outwardSkills } from '../skills/outward.ts';
import { unnoted } from '../testing/web-server.ts';
import { openPermissions } from './permissions.ts';

let folder: string;
let file: string;
const log: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-limb-'));
  file = join(folder, 'limb.toml');
  log.length = 0;
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const open = () => openPermissions(file, (level, message) => log.push(`${level} ${message}`));

test('without a word of the owner nothing is allowed', async () => {
  expect(await (await open())()).toEqual({ reach: undefined, folders: new Map() });
  await writeFile(file, '[limits]\nretries = 1\n');
  expect(await (await open())()).toEqual({ reach: undefined, folders: new Map() });
});

test('hosts and folders are allowed by their names, and taken away for the next task', async () => {
  await writeFile(file, '[fetch]\nhosts = ["127.0.0.1:8080"]\n[folders]\ninbox = "in"\nother = "/srv/other"\n');
  const permissions = await open();
  expect(await permissions()).toEqual({
    reach: { public: false, hosts: [{ hostname: '127.0.0.1', port: '8080' }] },
    folders: new Map([
      ['inbox', join(folder, 'in')],
      ['other', '/srv/other'],
    ]),
  });
  await writeFile(file, '[fetch]\npublic = true\n');
  expect(await permissions()).toEqual({ reach: { public: true, hosts: [] }, folders: new Map() });
});

test('what reaches out is offered only where the owner allows it', async () => {
  const offered = async () =>
    (await outwardSkills(await open(), join(folder, 'readers.json'), unnoted)).map(({ name }) => name);
  expect(await offered()).toEqual([]);
  await writeFile(file, '[fetch]\n');
  expect(await offered()).toEqual(['fetch_url', 'check_url', 'read_feed']);
  await writeFile(file, '[folders]\ninbox = "in"\n');
  expect(await offered()).toEqual(['list_files']);
});

test('a mistake is told with its place; the limb does not start with it, and goes on with what it had', async () => {
  await writeFile(file, '[fetch]\npublic = true\n');
  const permissions = await open();
  await writeFile(file, '[fetch]\nhosts = ["http://a"]\n');
  expect(await permissions()).toMatchObject({ reach: { public: true } });
  expect(log[0]).toMatch(
    /^error .*limb\.toml was not taken; .*limb\.toml:2: fetch\.hosts\.0: expected a name or an address/,
  );
  await expect(open()).rejects.toMatchObject({ code: 'invalid-config' });
});
