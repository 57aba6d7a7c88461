import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { backUp } from '../../engine/backup/back-up.ts';
import { nodeDisk } from '../../engine/host/node/disk.ts';
import { bundleModule, type Host, openHost } from '../../engine/index.ts';
import { until } from '../support/hub.ts';

// A real file system of 24 MiB in memory, where this machine lets us mount one.
const folder = mkdtempSync(join(tmpdir(), 'helix-small-disk-'));
const whyNot = mount();
if (whyNot !== undefined)
  console.log(`No small file system can be mounted here, so a full one is not tried: ${whyNot}`);
let host: Host | undefined;

afterAll(async () => {
  await host?.close();
  if (whyNot === undefined) system('umount', folder);
  rmSync(folder, { recursive: true });
});

function mount(): string | undefined {
  try {
    system('mount', '-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  }
}

function system(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: 'pipe' });
}

async function start(warnings: string[]): Promise<Host> {
  host = await openHost({
    dataDirectory: join(folder, 'hub'),
    port: 0,
    warn: (message) => warnings.push(message),
    onFailure: (error) => {
      throw error;
    },
  });
  return host;
}

async function post(path: string, body: string, type: string): Promise<Response> {
  if (!host) throw new Error('no hub is open');
  const headers = { authorization: `Bearer ${host.operator.token}`, 'content-type': type };
  return await fetch(`${host.url}/v1/database/ledger/${path}`, { method: 'POST', body, headers });
}

let lastCall = 0;
function openAccount(name: string): Promise<Response> {
  lastCall += 1;
  return post('call/open', JSON.stringify([lastCall, lastCall, 1, 5, name]), 'application/json');
}

async function accountCount(): Promise<number> {
  const answer = await post('sql', 'SELECT * FROM account', 'text/plain');
  const [{ rows } = { rows: [] }] = (await answer.json()) as { rows: unknown[] }[];
  return rows.length;
}

/** Takes everything that is free, as another program might. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(Buffer.alloc(64 * 1024));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}

it.skipIf(whyNot !== undefined)(
  '[FULL2] on a real file system: writes are refused by name, reads and deletes go on, and room is enough to recover',
  async () => {
    const warnings: string[] = [];
    await start(warnings);
    const bundle = await bundleModule('test/fixtures/modules/ledger.ts');
    const owner = host?.operator.identity ?? 0n;
    await host?.databases.publish({
      name: 'ledger',
      owner,
      bundle,
      clear: false,
      breakClients: true,
      token: undefined,
    });
    let openedCount = 0;
    for (let i = 0; i < 10; i++) if ((await openAccount('x'.repeat(1000))).ok) openedCount += 1;
    expect(openedCount).toBe(10);

    const filler = join(folder, 'filler');
    await fill(filler);
    expect((await statfs(folder)).bavail).toBe(0);
    let refusal: Response | undefined;
    for (let i = 0; i < 40 && !refusal; i++) {
      const answer = await openAccount('x'.repeat(100_000));
      if (answer.ok) openedCount += 1;
      else refusal = answer;
    }
    expect(refusal?.status).toBe(507);
    expect(await refusal?.text()).toMatch(
      /disk of the hub is full: this needs \d+ bytes, and of the \d+ that are free \d+ are kept/,
    );
    expect(await accountCount()).toBe(openedCount);
    expect((await post('call/closeAll', JSON.stringify([++lastCall, 1]), 'application/json')).status).toBe(200);
    expect(await accountCount()).toBe(0);
    expect(warnings.join()).toContain('the disk is full: the database ledger refuses what makes it grow');

    // The reserve was given up: another program takes that, too.
    const rest = join(folder, 'rest');
    await fill(rest);
    const copy = join(folder, 'copy.tar');
    const progress = { say: () => {}, done: () => {} };
    const isFull = { code: 'disk-full', message: expect.stringMatching(/the disk of .* is full: 0 MiB are free/) };
    await expect(backUp(nodeDisk, join(folder, 'hub'), copy, 0, progress)).rejects.toMatchObject(isFull);
    expect(await readdir(folder)).not.toEqual(expect.arrayContaining([expect.stringContaining('copy')]));
    const ledger = host?.databases.find('ledger');
    if (!host || !ledger) throw new Error('the hub has no database');
    await expect(host.databases.fork(ledger, 'trial', undefined)).rejects.toMatchObject(isFull);
    expect(await readdir(join(folder, 'hub/databases'))).toHaveLength(1);

    await rm(rest);
    await rm(filler);
    await until('there is room', () => warnings.some((warning) => warning.includes('has room again')));
    expect((await openAccount('x'.repeat(100_000))).status).toBe(200);
    await host?.close();
    await start(warnings);
    expect(await accountCount()).toBe(1);
  },
  60_000,
);
