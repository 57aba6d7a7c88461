// The POSIX ustar format (IEEE Std 1003.1, "pax"): what `tar` reads and writes everywhere.

export const blockBytes = 512;

export interface TarEntry {
  readonly path: string;
  readonly sizeBytes: number;
}

const nameBytesMax = 100;
const octalSizeMax = 0o77777777777;

/** @param modifiedSeconds since 1970 */
export function encodeTarHeader({ path, sizeBytes }: TarEntry, modifiedSeconds: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  const cut = path.length <= nameBytesMax ? -1 : path.indexOf('/', path.length - nameBytesMax - 1);
  header.write(path.slice(cut + 1), 0, nameBytesMax, 'utf8');
  header.write(octal(0o600, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  if (sizeBytes <= octalSizeMax) header.write(octal(sizeBytes, 11), 124);
  else {
    // What is bigger is written in binary, as every tar of today does.
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(sizeBytes), 128);
  }
  header.write(octal(modifiedSeconds, 11), 136);
  header.fill(' ', 148, 156);
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  if (cut > 0) header.write(path.slice(0, cut), 345, 155, 'utf8');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

/** @returns undefined for the block of zeros that ends an archive, or when it is no header */
export function decodeTarHeader(header: Buffer): TarEntry | undefined {
  if (header.length < blockBytes || header.toString('latin1', 257, 262) !== 'ustar') return undefined;
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (Number.parseInt(text(header, 148, 8), 8) !== sum) return undefined;
  const prefix = text(header, 345, 155);
  const name = text(header, 0, nameBytesMax);
  const isBinary = (header[124] ?? 0) === 0x80;
  const sizeBytes = isBinary ? Number(header.readBigUInt64BE(128)) : Number.parseInt(text(header, 124, 12), 8);
  return { path: prefix === '' ? name : `${prefix}/${name}`, sizeBytes };
}

/** Zeros after a file's bytes, up to the next block. */
export function paddingOf(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end).trim();
}
