import { Writer } from '../../bsatn/writer.ts';
import { RawReader } from '../raw-reader.ts';

/** A request as a module sees it: what its HTTP client sends and what its HTTP handlers get. */
export interface ModuleRequest {
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeoutMicros: bigint | undefined;
  readonly uri: string;
  readonly version: HttpVersion;
}

export interface ModuleResponse {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly version: HttpVersion;
  readonly status: number;
}

export type HttpVersion = (typeof versions)[number];

const versions = ['0.9', '1.0', '1.1', '2', '3'] as const;
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;
const extension = methods.length;

/** @throws DecodeError */
export function decodeRequest(bytes: Uint8Array): ModuleRequest {
  const r = new RawReader(bytes);
  const tag = r.u8();
  const method = tag === extension ? r.string() : (methods[tag] ?? '');
  const headers = readHeaders(r);
  const timeoutMicros = r.option((r) => r.i64());
  return { method, headers, timeoutMicros, uri: r.string(), version: r.choice(versions) };
}

export function encodeRequest(request: ModuleRequest): Uint8Array {
  const w = new Writer();
  const tag = methods.indexOf(request.method as (typeof methods)[number]);
  w.u8(tag < 0 ? extension : tag);
  if (tag < 0) w.string(request.method);
  writeHeaders(w, request.headers);
  w.u8(request.timeoutMicros === undefined ? 1 : 0);
  if (request.timeoutMicros !== undefined) w.i64(request.timeoutMicros);
  w.string(request.uri);
  w.u8(versions.indexOf(request.version));
  return w.copy();
}

/** @throws DecodeError */
export function decodeResponse(bytes: Uint8Array): ModuleResponse {
  const r = new RawReader(bytes);
  return { headers: readHeaders(r), version: r.choice(versions), status: r.u16() };
}

export function encodeResponse(response: ModuleResponse): Uint8Array {
  const w = new Writer();
  writeHeaders(w, response.headers);
  w.u8(versions.indexOf(response.version));
  w.u16(response.status);
  return w.copy();
}

function readHeaders(r: RawReader): [string, string][] {
  return r.array((r) => [r.string(), Buffer.from(r.byteArray()).toString('utf8')]);
}

function writeHeaders(w: Writer, headers: ModuleRequest['headers']): void {
  w.u32(headers.length);
  for (const [name, value] of headers) {
    w.string(name);
    w.byteArray(Buffer.from(value));
  }
}
