import { chunkCharsMax, type Section } from '../../memory/chunks.ts';
import { type Parsed, refuse } from './parsed.ts';

/** What begins a definition in the languages that are written today, and how it is called. */
const definition =
  /^(?:export\s+|default\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|abstract\s+|final\s+|pub(?:\([^)]*\))?\s+|unsafe\s+|extern\s+|inline\s+|local\s+|declare\s+)*(?:function\*?|func|fn|def|defp|defmodule|class|interface|trait|struct|enum|impl|type|module|namespace|package|object|record|protocol|extension|const|let|var|val|resource|message|service|CREATE\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW|FUNCTION|INDEX|PROCEDURE))\s+(?:\([^)]*\)\s*)?["'`]?([\p{L}\p{N}_.$]+)/iu;
const heading = /^\[+([^\]]+)\]+\s*$/;

/** Source code by its definitions: each with the comment above it, small ones together. */
export function parseCode(text: string): Parsed {
  const blocks = topLevelBlocks(text.replace(/\r\n?/g, '\n').split('\n'));
  if (blocks.length === 0) throw refuse('it has no text');
  const sections: Section[] = [];
  for (const block of blocks) {
    const last = sections.at(-1);
    const size = last ? last.blocks.reduce((sum, other) => sum + other.length + 2, 0) : 0;
    const isSmall = block.text.length < chunkCharsMax / 3;
    // What has a name and is not small is a section of its own; the rest joins its neighbour.
    if (last && (isSmall || block.name === '') && size + block.text.length <= chunkCharsMax)
      last.blocks.push(block.text);
    else sections.push({ headings: block.name === '' ? [] : [block.name], blocks: [block.text] });
  }
  return { title: '', sections };
}

interface Block {
  readonly name: string;
  readonly text: string;
}

/** Runs of lines that begin without indentation after an empty line. */
function topLevelBlocks(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let current: string[] = [];
  const end = () => {
    const text = current.join('\n').replace(/^\n+|\s+$/g, '');
    current = [];
    if (text === '') return;
    const name = text.split('\n').reduce((found, line) => found || nameOf(line), '');
    blocks.push({ name, text });
  };
  for (const [i, line] of lines.entries()) {
    const startsBlock = /^[^\s)}\]]/.test(line) && (lines[i - 1] ?? '').trim() === '';
    if (startsBlock || heading.test(line)) end();
    current.push(line);
  }
  end();
  return blocks;
}

function nameOf(line: string): string {
  return definition.exec(line)?.[1] ?? heading.exec(line)?.[1] ?? '';
}
