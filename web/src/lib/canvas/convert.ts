import { parse as parseToml } from 'smol-toml';
import { Document, isMap } from 'yaml';
import { stepsOf } from './document.ts';

/**
 * A recipe in TOML as YAML. Its comments go along: each to the step that it stands before or in, the others to the top.
 * @throws when it cannot be read
 */
export function yamlOfToml(text: string): string {
  const document = new Document(JSON.parse(JSON.stringify(parseToml(text))));
  const comments = commentsOf(text);
  const steps = stepsOf(document)?.items ?? [];
  for (const [index, step] of steps.entries()) {
    const own = comments.filter((comment) => comment.step === index).map((comment) => comment.text);
    if (isMap(step) && own.length > 0) step.commentBefore = own.join('\n');
  }
  const rest = comments.filter(({ step }) => step < 0 || step >= steps.length).map((comment) => comment.text);
  if (rest.length > 0) document.commentBefore = rest.join('\n');
  return document.toString({ lineWidth: 0 });
}

interface Comment {
  readonly text: string;
  /** The number of the step that it belongs to; -1 for none. */
  readonly step: number;
}

function commentsOf(text: string): Comment[] {
  const found: Comment[] = [];
  let waiting: string[] = [];
  let step = -1;
  let open = '';
  for (const line of text.split('\n')) {
    const isHeader = open === '' && /^\s*\[\[\s*steps\s*\]\]/.test(line);
    const read = readLine(line, open);
    open = read.open;
    const isAlone = read.comment !== undefined && line.trimStart().startsWith('#');
    if (isAlone) waiting.push(read.comment ?? '');
    if (isAlone || line.trim() === '') continue;
    if (isHeader) step += 1;
    const own = read.comment === undefined ? waiting : [...waiting, read.comment];
    for (const comment of own) found.push({ text: comment, step });
    waiting = [];
  }
  return [...found, ...waiting.map((comment) => ({ text: comment, step }))];
}

/** What stands behind the first `#` of a line that is in no string, and the marks of a string that goes on in the next line. */
function readLine(line: string, before: string): { readonly comment: string | undefined; readonly open: string } {
  let open = before;
  for (let at = 0; at < line.length; at++) {
    const rest = line.slice(at);
    if (open === '') {
      if (rest.startsWith('#')) return { comment: rest.slice(1).trimEnd(), open };
      open = /^("""|'''|"|')/.exec(rest)?.[0] ?? '';
      at += Math.max(0, open.length - 1);
    } else if (open.startsWith('"') && rest.startsWith('\\')) at += 1;
    else if (rest.startsWith(open)) {
      at += open.length - 1;
      open = '';
    }
  }
  return { comment: undefined, open: open.length === 3 ? open : '' };
}
