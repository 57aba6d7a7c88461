import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const pieceBytes = 64 * 1024;
const lineBreak = 0x0a;

/**
 * The last whole line of a file, and where it ends: what comes after is the half of one. Read from the end, because the file may
 * be larger than memory.
 */
export function lastLine(file: string): { readonly line: string; readonly end: number } {
  const fd = openSync(file, 'r');
  try {
    let start = fstatSync(fd).size;
    let tail = Buffer.alloc(0);
    for (;;) {
      const stop = tail.lastIndexOf(lineBreak);
      const before = stop > 0 ? tail.lastIndexOf(lineBreak, stop - 1) : -1;
      if (start === 0 || before >= 0)
        return { line: tail.toString('utf8', before + 1, Math.max(0, stop)), end: start + stop + 1 };
      const piece = Buffer.alloc(Math.min(pieceBytes, start));
      start -= piece.length;
      readSync(fd, piece, 0, piece.length, start);
      tail = Buffer.concat([piece, tail]);
    }
  } finally {
    closeSync(fd);
  }
}
