import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { LimbError } from '../errors.ts';

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The body unpacked, as far as `bytesMax`; more is neither read nor unpacked. Throws `LimbError` for other encodings. */
export async function readBounded(
  stream: Readable,
  encoding: string,
  bytesMax: number,
): Promise<{ readonly body: Buffer; readonly isCut: boolean }> {
  const name = encoding.trim().toLowerCase();
  const decoder = name === '' || name === 'identity' ? undefined : decoders[name];
  if (name !== '' && name !== 'identity' && !decoder) {
    stream.destroy();
    throw new LimbError('unknown-encoding', `The answer is encoded as ${encoding}: gzip, deflate and br are read.`);
  }
  const unpacked = decoder ? pipe(stream, decoder()) : stream;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > bytesMax) break;
    }
  } finally {
    stream.destroy();
    unpacked.destroy();
  }
  return { body: Buffer.concat(chunks).subarray(0, bytesMax), isCut: size > bytesMax };
}

function pipe(from: Readable, to: Transform): Transform {
  from.on('error', (error) => to.destroy(error));
  return from.pipe(to);
}
