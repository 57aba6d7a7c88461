import { Rejection } from '../../errors.ts';

/** Reads a whole body. @throws Rejection `too-large` above `bytesMax` */
export async function readBody(request: Request, bytesMax: number): Promise<Buffer> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > bytesMax) throw tooLarge(announced, bytesMax);
  if (request.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge(bytes, bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads a whole body as text. @throws Rejection `too-large`, or `not-utf-8` */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  const body = await readBody(request, bytesMax);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new Rejection('not-utf-8', 'The body is not valid UTF-8.', { cause });
  }
}

function tooLarge(bytes: number, bytesMax: number): Rejection {
  return new Rejection('too-large', `The body has at least ${bytes} bytes, expected at most ${bytesMax}.`);
}
