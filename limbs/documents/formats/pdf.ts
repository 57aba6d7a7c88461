import { extractText, getDocumentProxy, getMeta } from 'unpdf';
import { messageOf } from '../../errors.ts';
import { type Parsed, refuse } from './parsed.ts';

const pagesMax = 3000;

/** The text of a PDF, a section a page. */
export async function parsePdf(bytes: Uint8Array): Promise<Parsed> {
  const document = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 }).catch((error: unknown) => {
    const isLocked = error instanceof Error && error.name === 'PasswordException';
    throw refuse(isLocked ? 'it is protected by a password' : `it is not a PDF that can be read (${messageOf(error)})`);
  });
  if (document.numPages > pagesMax) throw refuse(`it has ${document.numPages} pages, at most ${pagesMax} are read`);
  const { text } = await extractText(document, { mergePages: false });
  const { info } = await getMeta(document).catch(() => ({ info: {} as Record<string, unknown> }));
  const title: unknown = info['Title'];
  const sections = text.flatMap((page, i) => {
    const blocks = page.split(/\n\s*\n/).filter((block) => block.trim() !== '');
    return blocks.length === 0 ? [] : [{ headings: [`Page ${i + 1}`], blocks }];
  });
  if (sections.length === 0) throw refuse('it has no text: its pages are pictures');
  return { title: typeof title === 'string' ? title.trim() : '', sections };
}
