import { type Converter, openConverter } from '../documents/converter/converter.ts';
import type { Parsed } from '../documents/formats/parsed.ts';
import { type Kind, kindOf } from '../documents/kinds.ts';
import { LimbError } from '../errors.ts';

/** The text of something that was read for a task. */
export interface Page {
  /** Empty when it says none. */
  readonly title: string;
  readonly text: string;
}

/** What is read by a process of its own, because its parsers are large. */
const kinds: Readonly<Record<string, Kind>> = {
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
};

const convertMsMax = 30_000;

/** The readable text of an answer by its media type. Throws `LimbError` for what is no text. */
export async function pageOf(
  { type, charset, body }: { readonly type: string; readonly charset: string; readonly body: Buffer },
  signal: AbortSignal,
): Promise<Page> {
  const kind = kinds[type];
  if (kind === 'html') return convert(kind, Buffer.from(decoded(body, charset || metaCharset(body))), signal);
  if (kind) return convert(kind, body, signal);
  const isText = type === '' || type.startsWith('text/') || /[/+](json|xml|yaml|javascript)$/.test(type);
  if (!isText || body.includes(0)) {
    throw new LimbError('not-text', `It is ${type || 'no text'} of ${body.length} bytes: no text can be read in it.`);
  }
  return { title: '', text: decoded(body, charset) };
}

/** The text of a file by its name. Throws `LimbError` for what is no document. */
export async function textOfFile(path: string, bytes: Buffer, signal: AbortSignal): Promise<Page> {
  const kind = kindOf(path);
  if (kind === 'html' || kind === 'pdf' || kind === 'docx') return convert(kind, bytes, signal);
  return pageOf({ type: 'text/plain', charset: '', body: bytes }, signal);
}

async function convert(kind: Kind, bytes: Buffer, signal: AbortSignal): Promise<Page> {
  const converter: Converter = openConverter({ timeMs: convertMsMax });
  try {
    const { title, sections } = await converter.convert(kind, '', bytes, signal);
    return { title, text: sections.map(textOfSection).join('\n\n').trim() };
  } catch (error) {
    if (!(error instanceof LimbError)) throw error;
    throw new LimbError('not-readable', `It cannot be read as ${kind}: ${error.message}.`, { cause: error });
  } finally {
    converter.close();
  }
}

function textOfSection({ headings, blocks, joint = '\n\n' }: Parsed['sections'][number]): string {
  const heading = headings.at(-1);
  return [...(heading ? [`${'#'.repeat(headings.length)} ${heading}`] : []), blocks.join(joint)].join('\n\n');
}

function metaCharset(body: Buffer): string {
  return /<meta[^>]+charset=["']?([\w-]+)/i.exec(body.subarray(0, 2048).toString('latin1'))?.[1] ?? '';
}

function decoded(body: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset || 'utf-8').decode(body);
  } catch (error) {
    if (error instanceof RangeError) return new TextDecoder().decode(body);
    throw error;
  }
}
