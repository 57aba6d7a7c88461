import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nodeDisk, waitingNodeDisk } from './disk.ts';

const hasFlock = spawnSync('flock', ['--version']).status === 0;

let folder: string;

function lockText(holder: { readonly pid: number; readonly hasKernelLock: boolean }): string {
  const { pid, hasKernelLock } = holder;
  return JSON.stringify({ pid, startedMs: 1, nonce: '00000000-0000-0000-0000-000000000000', hasKernelLock });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-disk-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe.each([
  ['disk', nodeDisk],
  ['disk whose thread waits', waitingNodeDisk],
])('%s', (_, disk) => {
  test('[HOST1] what was appended is read back, also after opening again', async () => {
    await disk.makeDirectory(`${folder}/a/b`);
    for (const part of ['one', 'two']) {
      const file = await disk.openAppend(`${folder}/a/b/log`);
      await file.append(Buffer.from(part));
      await file.close();
    }
    const again = await disk.openAppend(`${folder}/a/b/log`);
    expect(again.sizeBytes).toBe(6);
    await again.close();
    expect(Buffer.from((await disk.read(`${folder}/a/b/log`)) ?? []).toString()).toBe('onetwo');
    await disk.truncate(`${folder}/a/b/log`, 4);
    expect(await readFile(`${folder}/a/b/log`, 'utf8')).toBe('onet');
    expect(await disk.read(`${folder}/none`)).toBeUndefined();
  });

  test('[HOST1] a part of a file is read, as far as the file goes', async () => {
    await disk.writeAtomic(`${folder}/file`, Buffer.from('0123456789'));
    const part = async (from: number, length: number) => (await disk.readPart(`${folder}/file`, from, length)) ?? [];
    expect(Buffer.from(await part(3, 4)).toString()).toBe('3456');
    expect(Buffer.from(await part(8, 4)).toString()).toBe('89');
    expect(await part(10, 4)).toHaveLength(0);
    expect(await disk.readPart(`${folder}/none`, 0, 4)).toBeUndefined();
  });

  test('[HOST1] room for more is zeros, and closing takes it away', async () => {
    const file = await disk.openAppend(`${folder}/log`);
    const parts = [Buffer.alloc(700, 1), Buffer.alloc(3 * 1024 * 1024, 2), Buffer.alloc(5, 3)];
    const lengths: number[] = [];
    for (const part of parts) {
      await file.append(part);
      const seen = await readFile(`${folder}/log`);
      lengths.push(seen.length);
      expect(seen.subarray(file.sizeBytes).every((byte) => byte === 0)).toBe(true);
    }
    expect(lengths).toEqual([1, 4, 4].map((count) => count * 1024 * 1024));
    await file.close();
    expect((await readFile(`${folder}/log`)).equals(Buffer.concat(parts))).toBe(true);
  });

  test('[HOST1] an atomic write leaves the new file and nothing else', async () => {
    await disk.writeAtomic(`${folder}/state`, Buffer.from('old'));
    await disk.writeAtomic(`${folder}/state`, Buffer.from('new'));
    expect(await readFile(`${folder}/state`, 'utf8')).toBe('new');
    expect(await disk.list(folder)).toEqual(['state']);
    await disk.remove(`${folder}/state`);
    await disk.remove(`${folder}/state`);
    expect(await disk.list(folder)).toEqual([]);
  });
});

describe('lock', () => {
  const disk = nodeDisk;
  const path = () => join(folder, 'lock');

  test('[HOST2] a second claim is refused until the first is released', async () => {
    const lock = await disk.lock(path());
    await expect(disk.lock(path())).rejects.toMatchObject({ code: 'data-folder-locked' });
    await lock.release();
    await lock.release();
    await (await disk.lock(path())).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('[HOST2] the refusal names the process that holds the lock', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    await writeFile(
      path(),
      JSON.stringify({ pid: child.pid, startedMs: 1, nonce: '00000000-0000-0000-0000-000000000000' }),
    );
    await expect(disk.lock(path())).rejects.toThrow(`process ${child.pid}`);
    child.kill();
    await once(child, 'exit');
    await (await disk.lock(path())).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test.skipIf(!hasFlock)('[HOST2] a process that cannot be seen, as in another container, keeps its lock', async () => {
    const unseen = spawn('flock', ['--no-fork', folder, 'sleep', '600']);
    await once(unseen, 'spawn');
    await vi.waitUntil(() => spawnSync('flock', ['-n', folder, 'true']).status === 1, { timeout: 20_000 });
    await writeFile(path(), lockText({ pid: 4_000_000, hasKernelLock: true }));
    await expect(disk.lock(path())).rejects.toMatchObject({
      code: 'data-folder-locked',
      message: expect.stringContaining('a process that cannot be seen from here, such as one in another container'),
    });
    unseen.kill('SIGKILL');
    await once(unseen, 'exit');
    await (await disk.lock(path())).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test.skipIf(!hasFlock)('[HOST2] the number of a gone process that another was given locks nobody out', async () => {
    await writeFile(path(), lockText({ pid: process.ppid, hasKernelLock: true }));
    await (await disk.lock(path())).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test.skipIf(!hasFlock)('[HOST3] who was killed while taking over locks nobody out', async () => {
    const text = lockText({ pid: 4_000_000, hasKernelLock: true });
    await writeFile(path(), text);
    await writeFile(`${path()}.after.00000000-0000-0000-0000-000000000000`, text);
    await (await disk.lock(path())).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('[HOST3] of many that find the lock of a dead process, one gets it', async () => {
    // Each instance of the module knows nothing of what the others hold, like a process of its own.
    const instances: { lockFile: typeof disk.lock }[] = [];
    for (let i = 0; i < 4; i++) {
      vi.resetModules();
      instances.push(await import('./lock.ts'));
    }
    for (let round = 0; round < 30; round++) {
      await writeFile(path(), 'not a lock at all');
      const attempts = await Promise.allSettled(instances.map(({ lockFile }) => lockFile(path())));
      const locks = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
      expect(locks.length).toBe(1);
      expect(await readdir(folder)).toEqual(['lock']);
      for (const lock of locks) await lock.release();
    }
  });
});
