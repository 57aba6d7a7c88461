import { sectionsOf } from '../../memory/chunks.ts';
import type { Kind } from '../kinds.ts';
import { parseCode } from './code.ts';
import { decode, type Parsed } from './parsed.ts';

/**
 * The structure of a file. What only serves some kinds is loaded for them. Throws `LimbError` when the file is not what its
 * name says.
 */
export async function parse(kind: Kind, path: string, bytes: Uint8Array): Promise<Parsed> {
  switch (kind) {
    case 'markdown': {
      const text = decode(bytes);
      return { title: markdownTitle(text), sections: sectionsOf(text) };
    }
    case 'text':
      return { title: '', sections: sectionsOf(decode(bytes), { isPlain: true }) };
    case 'code':
      return parseCode(decode(bytes));
    case 'html': {
      const { title, markdown } = (await import('./html.ts')).htmlToMarkdown(decode(bytes));
      return { title: title || markdownTitle(markdown), sections: sectionsOf(markdown) };
    }
    case 'pdf':
      return (await import('./pdf.ts')).parsePdf(bytes);
    case 'docx':
      return (await import('./docx.ts')).parseDocx(bytes);
    case 'csv':
      return (await import('./csv.ts')).parseCsv(decode(bytes), path);
    case 'json':
      return (await import('./data.ts')).parseJson(decode(bytes), path);
    case 'yaml':
      return (await import('./data.ts')).parseYaml(decode(bytes));
  }
}

function markdownTitle(markdown: string): string {
  const frontMatter = /^---\r?\n([\s\S]*?)\r?\n---\r?\n/.exec(markdown)?.[1] ?? '';
  const named = /^title:[ \t]*["']?(.+?)["']?[ \t]*$/m.exec(frontMatter)?.[1];
  const heading = /^#[ \t]+(.+?)[ \t]*#*[ \t]*$/m.exec(markdown)?.[1];
  return (named ?? heading ?? '').replace(/[*_`]/g, '').trim();
}
