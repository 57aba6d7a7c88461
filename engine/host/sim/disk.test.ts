import { describe, expect, test } from 'vitest';
import { SimDisk } from './disk.ts';

const sector = 512;

/** A disk whose file `log` has one synced sector of `a`, room, and six sectors of `b` that wait to be synced. */
async function halfWritten(seed: number): Promise<SimDisk> {
  const disk = new SimDisk({ seed });
  const file = await disk.run(disk.openAppend('/log'));
  await disk.run(file.append(Buffer.alloc(sector, 'a')));
  void file.append(Buffer.alloc(6 * sector, 'b'));
  while (disk.peek('/log')[7 * sector - 1] !== 98) {
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
    expect([...left].some((sectors) => /^\.+$/.test(sectors))).toBe(true);
    // A later sector without one before it; all of the write; nothing of it beyond the room.
    expect([...left].some((sectors) => /\.b/.test(sectors))).toBe(true);
    expect([...left].some((sectors) => sectors.startsWith('bbbbbb'))).toBe(true);
    expect([...left].some((sectors) => sectors.length === 3)).toBe(true);
  });

  test('[HOST6] the same seed leaves the same', async () => {
    const one = (await halfWritten(7)).stop('power-cut', 1).peek('/log');
    const two = (await halfWritten(7)).stop('power-cut', 1).peek('/log');
    expect(one.equals(two)).toBe(true);
  });

  test('[HOST5] what a killed process left is durable once the file has been opened again', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const killed = (await halfWritten(seed)).stop('kill', seed);
      const left = killed.peek('/log');
      expect(left.subarray(sector, 7 * sector)).toEqual(Buffer.alloc(6 * sector, 'b'));
      await killed.run(killed.openAppend('/log'));
      expect(killed.stop('power-cut', seed).peek('/log')).toEqual(left);
    }
  });

  test('[HOST6] a full disk takes a part of a write and says so', async () => {
    const disk = new SimDisk({ seed: 1 });
    disk.roomBytes = 1000;
    const file = await disk.run(disk.openAppend('/log'));
    await disk.run(file.append(Buffer.alloc(100, 'a')));
    await expect(disk.run(file.append(Buffer.alloc(1500, 'b')))).rejects.toThrow('ENOSPC');
    expect(disk.peek('/log').subarray(0, 600)).toEqual(
      Buffer.from(`${'a'.repeat(100)}${'b'.repeat(412)}${'\0'.repeat(88)}`),
    );
  });

  test('[HOST6] closing a file takes the room at its end away', async () => {
    const disk = new SimDisk({ seed: 1 });
    const file = await disk.run(disk.openAppend('/log'));
    await disk.run(file.append(Buffer.from('one')));
    expect(disk.peek('/log').length).toBeGreaterThan(3);
    await disk.run(file.append(Buffer.from('two')));
    await disk.run(file.close());
    expect(disk.stop('power-cut', 1).peek('/log').toString()).toBe('onetwo');
  });
});
