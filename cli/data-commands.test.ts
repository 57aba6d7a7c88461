import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalDatabases } from '../engine/databases.ts';
import { nodeClock } from '../engine/host/node/clock.ts';
import { nodeDisk } from '../engine/host/node/disk.ts';
import { nodeRandom } from '../engine/host/node/random.ts';
import { bundleModule, type Host, openHost } from '../engine/index.ts';
import { readLog } from '../engine/log/recover.ts';
import { loadModule } from '../engine/module/load.ts';
import { takeSnapshot } from '../engine/snapshots/take.ts';
import { announce } from './lib/running.ts';
import { runCli } from './testing/cli.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'helix-data-'));
const data = join(folder, 'data');
process.env['HELIX_HOME'] = join(folder, 'home');
afterAll(() => rmSync(folder, { recursive: true }));

/** The names of the accounts, as a hub on a data folder has them. */
async function accountsIn(directory: string, database = 'ledger'): Promise<string[]> {
  return await withHost(directory, async ({ databases }) => {
    const { store, catalog } = databases.find(database)?.engine ?? {};
    const table = catalog?.tableByName('account')?.stored.id;
    if (store === undefined || table === undefined) return [];
    const reader = store.table(table);
    return reader.scan().map((handle) =>
      Buffer.from(reader.row(handle))
        .toString()
        .replace(/[^a-z]/g, ''),
    );
  });
}

/** The offset of the commit that opened an account. */
async function offsetOf(name: string): Promise<string> {
  const { stdout } = await runCli(['log', 'show', '--data', data, '--rows']);
  const lines = stdout.split('\n');
  const at = lines.findIndex((line) => line.includes(`"name":"${name}"`));
  return /^ +(\d+) /.exec(lines.slice(0, at).findLast((line) => /^ +\d+ /.test(line)) ?? '')?.[1] ?? '';
}

async function withHost<T>(directory: string, work: (host: Host) => Promise<T>): Promise<T> {
  const onFailure = (error: Error) => {
    throw error;
  };
  const host = await openHost({ dataDirectory: directory, port: 0, onFailure });
  try {
    return await work(host);
  } finally {
    await host.close();
  }
}

/** Damages the last byte but one of a database's first log file. */
function damage(directory: string): string {
  const [database = ''] = readdirSync(join(directory, 'databases'));
  const file = join(directory, 'databases', database, '00000000000000000000.log');
  const bytes = readFileSync(file);
  bytes[bytes.length - 2] = (bytes[bytes.length - 2] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  return file;
}

beforeAll(async () => {
  await withHost(data, async ({ databases, operator }) => {
    const bundle = await bundleModule('test/fixtures/modules/ledger.ts');
    const request = {
      name: 'ledger',
      owner: operator.identity,
      bundle,
      clear: false,
      breakClients: true,
      token: undefined,
    };
    const { database } = await databases.publish(request);
    const caller = { identity: operator.identity, claims: '{}' };
    for (const [i, name] of ['ann', 'bob', 'cid'].entries()) {
      await database.callHttp(caller, 'open', JSON.stringify([i, i, 0, 5, name]));
    }
  });
});

describe('the commands for a data folder', () => {
  it.each(['log show', 'log verify', 'check', 'backup', 'restore', 'fork'])(
    '%s --help has examples',
    async (command) => {
      const { code, stdout } = await runCli([...command.split(' '), '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: helix ${command}`);
      expect(stdout).toMatch(/Examples:\n {2}helix /);
    },
  );

  it('show the history, with rows in the words of the module', async () => {
    const { code, stdout, stderr } = await runCli(['log', 'show', '--data', data, '--rows']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ +0 {2}\S+Z {2}init {2}by [0-9a-f]{16} {2}st_program \+1 -0/);
    expect(stdout).toMatch(/\d+ {2}\S+Z {2}open {2}by [0-9a-f]{16} {2}account \+1 -0 {2}journal \+1 -0/);
    expect(stdout).toContain('+ account {"id":2,"key":1,"owner":0,"amount":5,"name":"bob"}');
    const part = await runCli(['log', 'show', '--data', data, '--from', '2', '--limit', '1']);
    expect(part.stdout.trim().split('\n').length).toBe(1);
    expect(part.stdout).toMatch(/^ +2 /);
    const json = await runCli(['log', 'show', '--data', data, '--rows', '--json']);
    const commits = json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(commits[0]).toMatchObject({ offset: 0, origin: 'init', caller: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(commits.find(({ origin }) => origin === 'open').changes[0]).toEqual(
      expect.objectContaining({ table: 'account', inserted: 1, deleted: 0, insertedRows: [expect.anything()] }),
    );
  });

  it('end the history at once when its reader has seen enough, and say where it ends', async () => {
    const command = `"${process.execPath}" cli/bin.js log show --data "${data}" | true; echo "status \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: 'status 0\n', stderr: '' });
    const beyond = await runCli(['log', 'show', '--data', data, '--from', '1000']);
    expect(beyond.code).toBe(1);
    expect(beyond.stderr).toMatch(/The history has the commits 0 to \d+, and none from 1000 on/);
  });

  it('verify and check what is intact', async () => {
    const verified = await runCli(['log', 'verify', '--data', data]);
    expect(verified.stdout).toMatch(/^ledger: \d+ commits are intact, chain [0-9a-f]{64}\n$/);
    const checked = await runCli(['check', '--data', data]);
    expect(checked.code).toBe(0);
    expect(checked.stdout).toMatch(/^ledger: \d+ commits, \d+ rows, 0 snapshots, chain [0-9a-f]{64}\n/);
    expect(checked.stdout).toContain('is intact');
  });

  it('back up and restore, as it is or as it was', async () => {
    const backup = join(folder, 'backup');
    const made = await runCli(['backup', backup, '--data', data]);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const again = await runCli(['backup', backup, '--data', data]);
    expect(again).toMatchObject({ code: 1 });
    expect(again.stderr).toContain('is not empty: choose a new folder');

    const whole = join(folder, 'whole');
    expect(await runCli(['restore', backup, '--data', whole])).toMatchObject({ code: 0, stderr: '' });
    expect(await accountsIn(whole)).toEqual(['ann', 'bob', 'cid']);

    const shown = await runCli(['log', 'show', '--data', data]);
    const second = shown.stdout.split('\n').filter((line) => line.includes('account +1'))[1] ?? '';
    const past = join(folder, 'past');
    expect(await runCli(['restore', backup, '--data', past, '--at', second.trim().split(' ')[0] ?? ''])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await accountsIn(past)).toEqual(['ann', 'bob']);
    expect(await runCli(['check', '--data', past])).toMatchObject({ code: 0 });

    const before = await runCli(['restore', backup, '--data', join(folder, 'before'), '--at', '2020-01-01T00:00:00Z']);
    expect(before).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /ledger: no commits up to 2020-01-01T00:00:00\.000Z, the first is of \d{4}-.*: it is left out/,
      ),
    });
    expect(before.stderr).toMatch(
      /the backup has no commits from then, its first is of \d{4}-.*Z: choose a later moment/,
    );
    for (const [at, said] of [
      ['2099-01-01T00:00:00Z', '2099-01-01T00:00:00.000Z'],
      ['999999', 'commit 999999'],
    ] as const) {
      const late = join(folder, `late-${at.length}`);
      const { code, stdout } = await runCli(['restore', backup, '--data', late, '--at', at]);
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringMatching(
          new RegExp(`ledger: \\d+ commits, the last of \\d{4}-.*Z: the backup has none after that up to ${said}`),
        ),
      });
      expect(await accountsIn(late)).toEqual(['ann', 'bob', 'cid']);
    }
  });

  it('say what is in the way of a restore before anything is read', async () => {
    const backup = join(folder, 'one-backup');
    await runCli(['backup', backup, '--data', data]);
    const file = join(folder, 'a-file');
    writeFileSync(file, 'not a folder');
    const attempt = (from: string, to: string) => runCli(['restore', from, '--data', to]);
    expect(await attempt(backup, data)).toMatchObject({ code: 1, stdout: '' });
    expect((await attempt(backup, data)).stderr).toContain(`${data} is not empty: choose a new folder`);
    for (const place of [file, join(file, 'below')]) {
      expect((await attempt(backup, place)).stderr).toContain(
        `${place} cannot be made: a file is in its place; choose a new folder`,
      );
    }
    const nothing = join(folder, 'nothing');
    expect((await attempt(file, nothing)).stderr).toContain(`${file} is no finished backup: it has no backup.json`);
    writeFileSync(join(backup, 'databases.json'), '[]');
    expect((await attempt(backup, nothing)).stderr).toContain(
      `${backup}: databases.json is not what was written: nothing was restored; use another backup`,
    );
    expect(existsSync(nothing)).toBe(false);
  });

  it('fork a second database from a past state, which lives on by itself', async () => {
    const copy = join(folder, 'forked');
    cpSync(data, copy, { recursive: true });
    const shown = await runCli(['log', 'show', '--data', data]);
    const first = shown.stdout.split('\n').find((line) => line.includes('account +1')) ?? '';
    const args = ['fork', 'trial', '--data', copy, '--at', first.trim().split(' ')[0] ?? ''];
    expect(await runCli(args)).toMatchObject({ code: 0, stderr: '' });
    expect(await accountsIn(copy, 'trial')).toEqual(['ann']);
    expect(await accountsIn(copy)).toEqual(['ann', 'bob', 'cid']);
    const again = await runCli([...args, '--database', 'ledger']);
    expect(again.stderr).toContain('there is a database trial already');
  });

  it('[DATA4] fork a database of a hub that runs, which serves it at once', async () => {
    const running = join(folder, 'running');
    cpSync(data, running, { recursive: true });
    await withHost(running, async ({ databases, operator, url }) => {
      const args = ['fork', 'trial', '--data', running, '--at', await offsetOf('bob')];
      expect((await runCli(args)).stderr).toContain('does not say where it listens: stop it first');
      const withdraw = await announce(running, url, 'ledger', () => {});
      const made = await runCli(args);
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(made.stdout).toContain(`and is ready at ${url}`);
      const trial = databases.find('trial');
      const caller = { identity: operator.identity, claims: '{}' };
      await trial?.callHttp(caller, 'open', JSON.stringify([50, 50, 0, 5, 'eve']));
      const answers = await trial?.sql(caller, 'SELECT name FROM account', true);
      expect(JSON.stringify(answers?.[0]?.rows)).toContain('eve');
      expect((await runCli([...args, '--database', 'ledger'])).stderr).toContain('there is a database trial already');
      const early = await runCli([
        'fork',
        'early',
        '--data',
        running,
        '--database',
        'ledger',
        '--at',
        '2020-01-01T00:00:00Z',
      ]);
      expect(early.stderr).toMatch(
        /the database had no commits then, its first is of \d{4}-.*Z: choose a later moment/,
      );
      await withdraw();
    });
    expect(await accountsIn(running, 'trial')).toEqual(['ann', 'bob', 'eve']);
    expect(await accountsIn(running)).toEqual(['ann', 'bob', 'cid']);
  }, 60_000);

  it('[DATA5] name what is damaged, and touch nothing', async () => {
    const copy = join(folder, 'damaged');
    cpSync(data, copy, { recursive: true });
    const file = damage(copy);
    for (const args of [['check'], ['log', 'verify'], ['backup', join(folder, 'never')]]) {
      const { code, stderr } = await runCli([...args, '--data', copy]);
      expect(code).toBe(1);
      expect(stderr).toContain(`${file} is damaged at byte`);
    }
    const backup = join(folder, 'backup-damaged');
    await runCli(['backup', backup, '--data', data]);
    damage(backup);
    const restored = await runCli(['restore', backup, '--data', join(folder, 'nothing')]);
    expect(restored.stderr).toMatch(/is not what was written: nothing was restored/);
  });

  it.each([
    ['databases.json', 'databases.json is missing, but there is', 'registry-missing'],
    ['jwt-key.pem', 'jwt-key.pem is missing, but databases.json is there', 'key-missing'],
    ['operator.token', 'operator.token is missing, but databases.json is there', 'key-missing'],
    ['databases', 'holds no commits, but a database of it is listed', 'log-incomplete'],
  ])('[DATA7] name %s when it is gone; a hub makes nothing in its place', async (gone, message, code) => {
    const copy = join(folder, `without-${gone}`);
    cpSync(data, copy, { recursive: true });
    rmSync(join(copy, gone), { recursive: true });
    await expect(withHost(copy, async () => {})).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(existsSync(join(copy, 'databases.json'))).toBe(gone !== 'databases.json');
    if (gone === 'databases.json') return;
    for (const args of [['check'], ['backup', join(folder, 'never')]]) {
      const { code, stderr } = await runCli([...args, '--data', copy]);
      expect(code).toBe(1);
      expect(stderr).toContain(message);
    }
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });

  it.each(['jwt-key.pem', 'operator.token'])('[DATA7] name %s when it is damaged', async (file) => {
    const copy = join(folder, `damaged-${file}`);
    cpSync(data, copy, { recursive: true });
    const bytes = readFileSync(join(copy, file));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(join(copy, file), bytes);
    await expect(withHost(copy, async () => {})).rejects.toThrow(`${join(copy, file)}`);
    const { code, stderr } = await runCli(['check', '--data', copy]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`${file}.* is damaged.*from a backup`));
  });

  it('[DATA2] restore nothing outside of the new folder, whatever a backup names', async () => {
    const backup = join(folder, 'evil');
    expect(await runCli(['backup', backup, '--data', data])).toMatchObject({ code: 0 });
    const manifest = JSON.parse(readFileSync(join(backup, 'backup.json'), 'utf8')) as { files: Record<string, string> };
    writeFileSync(join(folder, 'planted'), 'x');
    for (const path of ['../planted', `${folder}/planted`, 'databases/../../planted']) {
      const files = { ...manifest.files, [path]: createHash('sha256').update('x').digest('hex') };
      writeFileSync(join(backup, 'backup.json'), JSON.stringify({ ...manifest, files }));
      const { code, stderr } = await runCli(['restore', backup, '--data', join(folder, 'inner/target')]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining('backup.json is not what was written'),
      });
    }
  });

  it.each(['all.tar', 'all.tgz'])(
    '[DATA2] back up into the one file %s, which other programs can read',
    async (name) => {
      const archive = join(folder, name);
      const made = await runCli(['backup', archive, '--data', data]);
      expect(made).toMatchObject({ code: 0, stderr: '' });
      const listed = execFileSync('tar', ['tf', archive], { encoding: 'utf8' }).trim().split('\n');
      expect(listed).toEqual(expect.arrayContaining(['databases.json', 'jwt-key.pem', 'operator.token']));
      expect(listed.at(-1)).toBe('backup.json');
      const again = await runCli(['backup', archive, '--data', data]);
      expect(again.stderr).toContain('exists already: choose a new name');

      const whole = join(folder, `${name}-whole`);
      expect(await runCli(['restore', archive, '--data', whole])).toMatchObject({ code: 0, stderr: '' });
      expect(await accountsIn(whole)).toEqual(['ann', 'bob', 'cid']);
      const past = join(folder, `${name}-past`);
      const at = ['--at', await offsetOf('bob')];
      expect(await runCli(['restore', archive, '--data', past, ...at])).toMatchObject({ code: 0, stderr: '' });
      expect(await accountsIn(past)).toEqual(['ann', 'bob']);
      expect(readdirSync(past)).not.toContain('restoring');

      const bytes = readFileSync(archive);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(join(folder, `damaged-${name}`), bytes);
      const damaged = await runCli(['restore', join(folder, `damaged-${name}`), '--data', join(folder, 'nothing')]);
      expect(damaged.stderr).toMatch(/: nothing was restored; use another backup/);
      expect(existsSync(join(folder, 'nothing'))).toBe(false);
    },
  );

  it('[DATA1] back up a hub that is writing: what is restored is what it had at that commit', async () => {
    const busy = join(folder, 'busy');
    cpSync(data, busy, { recursive: true });
    await withHost(busy, async ({ databases, operator }) => {
      const database = databases.find('ledger');
      const caller = { identity: operator.identity, claims: '{}' };
      let isOver = false;
      const write = async (lane: number) => {
        for (let call = 1000 + lane; !isOver; call += 4) {
          await database?.callHttp(caller, 'open', JSON.stringify([call, call, 1, 5, 'x'.repeat(call % 700)]));
        }
      };
      const writing = [0, 1, 2, 3].map(write);
      const archive = join(folder, 'busy.tgz');
      const made = await runCli(['backup', archive, '--data', busy]);
      const checked = await runCli(['check', '--data', busy]);
      isOver = true;
      await Promise.all(writing);
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(checked).toMatchObject({ code: 0, stderr: '' });

      const restored = join(folder, 'busy-restored');
      expect(await runCli(['restore', archive, '--data', restored])).toMatchObject({ code: 0, stderr: '' });
      const [, count = ''] = /ledger: (\d+) commits verified/.exec(made.stdout) ?? [];
      const state = join(folder, 'busy-state');
      const whole = join(folder, 'busy-whole');
      expect(await runCli(['backup', whole, '--data', busy])).toMatchObject({ code: 0 });
      const at = ['--at', String(Number(count) - 1)];
      expect(await runCli(['restore', whole, '--data', state, ...at])).toMatchObject({ code: 0, stderr: '' });
      const chainOf = async (directory: string) =>
        /(\d+ commits), (\d+ rows), \d+ snapshots/
          .exec((await runCli(['check', '--data', directory])).stdout)
          ?.slice(1);
      expect(await chainOf(restored)).toEqual(await chainOf(state));
      expect((await chainOf(restored))?.[0]).toBe(`${count} commits`);
      expect(await accountsIn(restored)).toEqual(await accountsIn(state));
    });
  }, 120_000);

  it('[DATA3] say where a history begins that was trimmed, and go back to what is left', async () => {
    const trimmed = join(folder, 'trimmed');
    cpSync(data, trimmed, { recursive: true });
    const [entry = ''] = readdirSync(join(trimmed, 'databases'));
    const directory = join(trimmed, 'databases', entry);
    const snapshot = async () => {
      const { nextOffset } = await readLog(nodeDisk, directory, () => {}, { isTrimmed: true });
      const retention = { keepMicros: 0n, nowMicros: BigInt(Date.now()) * 1000n };
      await takeSnapshot(nodeDisk, { directory, untilOffset: nextOffset - 1, retention }, loadModule);
    };
    for (const name of ['da', 'db', 'dc', 'dd']) {
      const databases = await LocalDatabases.open({
        ...{ disk: nodeDisk, clock: nodeClock, random: nodeRandom, directory: trimmed, callMsMax: 10_000 },
        // Every batch begins a segment.
        segmentBytesMax: 1,
        warn: () => {},
        fail: (error) => {
          throw error;
        },
      });
      const database = databases.find('ledger');
      const number = 30 + (database?.offset ?? 0);
      await database?.callHttp({ identity: 1n, claims: '{}' }, 'open', JSON.stringify([number, number, 1, 5, name]));
      await databases.close();
      await snapshot();
    }
    expect(existsSync(join(directory, '00000000000000000000.log'))).toBe(false);
    const verified = await runCli(['log', 'verify', '--data', trimmed]);
    expect(verified.stdout).toMatch(/ledger: history begins at commit \d+: what came before was trimmed/);
    const checked = await runCli(['check', '--data', trimmed]);
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(checked.stdout).toContain('2 snapshots');
    const shown = await runCli(['log', 'show', '--data', trimmed, '--rows']);
    expect(shown.stdout).toContain('"name":"dd"');
    expect(shown.stdout).not.toContain('"name":"ann"');
    const backup = join(folder, 'trimmed.tar');
    expect(await runCli(['backup', backup, '--data', trimmed])).toMatchObject({ code: 0, stderr: '' });
    const whole = join(folder, 'trimmed-whole');
    expect(await runCli(['restore', backup, '--data', whole])).toMatchObject({ code: 0, stderr: '' });
    expect(await accountsIn(whole)).toEqual(['ann', 'bob', 'cid', 'da', 'db', 'dc', 'dd']);
    const early = await runCli(['restore', backup, '--data', join(folder, 'early'), '--at', '1']);
    expect(early.stderr).toMatch(/begins at commit \d+: choose a later moment/);
  }, 120_000);

  it('refuse what is no data folder, a moment that is none, or an unknown database', async () => {
    const none = await runCli(['check', '--data', join(folder, 'none')]);
    expect(none.stderr).toContain('holds no databases: name the data folder of a hub');
    const moment = await runCli(['fork', 'x', '--data', data, '--at', 'yesterday']);
    expect(moment.stderr).toContain('yesterday is no moment: give an offset, such as 1200, or a time with its zone');
    const unknown = await runCli(['log', 'show', '--data', data, '--database', 'chat']);
    expect(unknown.stderr).toContain('there is no database chat: choose one of ledger');
  });
});
