import { inflateRawSync } from 'node:zlib';
import mammoth from 'mammoth';
import { messageOf } from '../../errors.ts';
import { sectionsOf } from '../../memory/chunks.ts';
import { htmlToMarkdown } from './html.ts';
import { type Parsed, refuse } from './parsed.ts';

const unpackedBytesMax = 128 * 1024 * 1024;
const partsMax = 5000;

/** The text of a Word document, with its headings, lists and tables. */
export async function parseDocx(bytes: Uint8Array): Promise<Parsed> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  requireBounded(buffer);
  try {
    const image = mammoth.images.imgElement(async () => ({ src: '' }));
    const { value } = await mammoth.convertToHtml({ buffer }, { convertImage: image });
    const { markdown } = htmlToMarkdown(value);
    return { title: /^#[ \t]+(.+)$/m.exec(markdown)?.[1]?.trim() ?? '', sections: sectionsOf(markdown) };
  } catch (error) {
    throw refuse(`it is not a Word document that can be read (${messageOf(error)})`, error);
  }
}

/** Unpacks every part of the archive within a bound: what the archive says of their sizes may be a lie. */
function requireBounded(archive: Buffer): void {
  const end = archive.lastIndexOf('PK\u0005\u0006', undefined, 'latin1');
  if (end < 0 || end + 22 > archive.length) throw refuse('it is not a Word document: it is no archive');
  let left = unpackedBytesMax;
  let offset = archive.readUInt32LE(end + 16);
  for (let part = 0; part < archive.readUInt16LE(end + 10); part++) {
    if (part >= partsMax) throw refuse(`it is an archive of more than ${partsMax} parts`);
    if (offset + 46 > archive.length || archive.readUInt32LE(offset) !== 0x02014b50) {
      throw refuse('it is not a Word document: its archive is damaged');
    }
    const method = archive.readUInt16LE(offset + 10);
    const packedBytes = archive.readUInt32LE(offset + 20);
    const local = archive.readUInt32LE(offset + 42);
    if (local + 30 > archive.length) throw refuse('it is not a Word document: its archive is damaged');
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    left -= method === 8 ? unpackedBytes(archive.subarray(start, start + packedBytes), left) : packedBytes;
    if (left < 0) throw tooMuch();
    offset +=
      46 + archive.readUInt16LE(offset + 28) + archive.readUInt16LE(offset + 30) + archive.readUInt16LE(offset + 32);
  }
}

function unpackedBytes(packed: Buffer, bytesMax: number): number {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, bytesMax) }).length;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooMuch();
    throw refuse(`it is not a Word document: its archive is damaged (${messageOf(error)})`, error);
  }
}

function tooMuch(): Error {
  return refuse(`it unpacks to more than ${unpackedBytesMax / 1024 / 1024} MiB`);
}
