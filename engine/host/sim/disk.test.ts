import { describe, expect, test } from 'vitest';
import { SimDisk } from './disk.ts';

const sector = 512;

/** A disk whose file `log` has one synced sector of `a`, and three of `b` that wait to be synced. */
async function halfWritten(seed: number): Promise<SimDisk> {
  const disk = new SimDisk({ seed });
  const file = await disk.run(disk.openAppend('/log'));
  await disk.run(file.append(Buffer.alloc(sector, 'a')));
  void file.append(Buffer.alloc(3 * sector, 'b'));
  while (disk.peek('/log').length < 4 * sector) {
    disk.turn();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return disk;
}

describe('simulated disk', () => {
  test('[HOST6] a power cut keeps what was synced and any sectors of what was not', async () => {
    const left = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const bytes = (await halfWritten(seed)).stop('power-cut', seed).peek('/log');
      expect(bytes.subarray(0, sector).equals(Buffer.alloc(sector, 'a'))).toBe(true);
      const sectors = [];
      for (let at = sector; at < bytes.length; at += sector) {
        const part = bytes.subarray(at, at + sector);
        expect(part.every((byte) => byte === part[0])).toBe(true);
        sectors.push(part[0] === 0 ? '.' : 'b');
      }
      left.add(sectors.join(''));
    }
    // Nothing, everything, and a later sector without the ones before it.
    expect([...left]).toEqual(expect.arrayContaining(['', 'bbb', '..b', 'b']));
  });

  test('[HOST6] the same seed leaves the same', async () => {
    const one = (await halfWritten(7)).stop('power-cut', 1).peek('/log');
    const two = (await halfWritten(7)).stop('power-cut', 1).peek('/log');
    expect(one.equals(two)).toBe(true);
  });

  test('[HOST5] what a killed process left is durable once the file has been opened again', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const killed = (await halfWritten(seed)).stop('kill', seed);
      expect(killed.peek('/log').length).toBe(4 * sector);
      await killed.run(killed.openAppend('/log'));
      expect(killed.stop('power-cut', seed).peek('/log').length).toBe(4 * sector);
    }
  });

  test('[HOST6] a full disk takes a part of a write and says so', async () => {
    const disk = new SimDisk({ seed: 1 });
    disk.roomBytes = 100;
    const file = await disk.run(disk.openAppend('/log'));
    await expect(disk.run(file.append(Buffer.alloc(150, 'a')))).rejects.toThrow('ENOSPC');
    expect(disk.peek('/log').length).toBe(100);
  });
});
