import type { Dice } from './dice.ts';

export const sectorBytes = 512;

/** A file as processes see it, and as the platter has it. */
export class SimFile {
  /** What a process reads. */
  current: Buffer;
  /** What survives a power cut. */
  synced: Buffer;

  constructor(current: Buffer = Buffer.alloc(0), synced: Buffer = Buffer.alloc(0)) {
    this.current = current;
    this.synced = synced;
  }

  sync(): void {
    this.synced = this.current;
  }

  /** Puts `bytes` at `at`, up to the place `to` of the file and with zeros to there when they end before it. */
  write(at: number, bytes: Uint8Array, to: number): void {
    const written = Buffer.alloc(Math.max(this.current.length, to));
    this.current.copy(written);
    written.set(bytes.subarray(0, to - at), at);
    this.current = written;
  }

  copy(): SimFile {
    return new SimFile(this.current, this.synced);
  }

  /**
   * What a power cut leaves: of the bytes that were not synced, each sector is either the new or the old one, in no
   * order; the length is the new or the old one, or ends at a sector between them.
   */
  afterPowerCut(dice: Dice): SimFile {
    const { current, synced } = this;
    if (current === synced) return this.copy();
    const shorter = Math.min(current.length, synced.length);
    const longer = Math.max(current.length, synced.length);
    const between = Math.min(longer, shorter - (shorter % sectorBytes) + sectorBytes * (1 + dice.below(3)));
    const length = dice.pick([current.length, current.length, synced.length, between]);
    const left = Buffer.alloc(length);
    synced.copy(left);
    for (let at = 0; at < length; at += sectorBytes) {
      const end = Math.min(at + sectorBytes, length);
      const isSame = current.subarray(at, end).equals(synced.subarray(at, end));
      if (!isSame && at < current.length && dice.oneIn(2)) current.copy(left, at, at, end);
    }
    return new SimFile(left, left);
  }
}
