/** A 32-bit hash (murmur3) of `bytes[start, end)`, as a signed integer. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x9747b28c;
  let at = start;
  for (const last = end - 4; at <= last; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash ^= scramble(word);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (at < end) {
    let tail = 0;
    for (let shift = 0; at < end; at++, shift += 8) tail |= (bytes[at] as number) << shift;
    hash ^= scramble(tail);
  }
  hash ^= end - start;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

export function equalBytes(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) {
    if (a[aStart + i] !== b[bStart + i]) return false;
  }
  return true;
}

/** A loop beats a call into the platform for rows of usual size. */
export function copyBytes(from: Buffer, start: number, length: number, to: Uint8Array, at: number): void {
  if (length <= 64) {
    for (let i = 0; i < length; i++) to[at + i] = from[start + i] as number;
  } else {
    from.copy(to, at, start, start + length);
  }
}
