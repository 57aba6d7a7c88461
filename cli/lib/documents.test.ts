import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyDocuments, findDocuments } from './documents.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-documents-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), path);
  }
}

async function pathsOf(...given: string[]): Promise<string[]> {
  return (await findDocuments(given, folder)).map((document) => document.path);
}

describe('documents to remember', () => {
  it('are the Markdown, text and HTML files of a folder; hidden ones, packages and links are left out', async () => {
    write('docs/a.md', 'docs/b.TXT', 'docs/deep/c.html', 'docs/d.png', 'docs/.hidden.md', 'docs/.git/e.md');
    write('docs/node_modules/x/README.md', 'elsewhere.md');
    symlinkSync(join(folder, 'elsewhere.md'), join(folder, 'docs/link.md'));
    expect(await pathsOf('docs')).toEqual(['docs/a.md', 'docs/b.TXT', 'docs/deep/c.html']);
  });

  it('keep their folders below the current folder, and their own name from elsewhere', async () => {
    write('work/notes/a.md', 'other/manual/b.md', 'other/c.md');
    const from = join(folder, 'work');
    const found = await findDocuments(['notes/a.md', '../other/manual', join(folder, 'other/c.md')], from);
    expect(found.map((document) => document.path)).toEqual(['c.md', 'manual/b.md', 'notes/a.md']);
  });

  it('named twice are one; two that would become one are refused', async () => {
    write('work/a.md', 'one/a.md', 'two/a.md');
    expect(await pathsOf('work', 'work/a.md')).toEqual(['work/a.md']);
    const from = join(folder, 'work');
    await expect(findDocuments(['../one/a.md', '../two/a.md'], from)).rejects.toThrow(/both be remembered as a\.md/);
  });

  it('that do not exist, are of another kind, or are none in a folder, are refused by name', async () => {
    write('picture.png', 'empty/picture.png');
    await expect(pathsOf('missing.md')).rejects.toThrow('missing.md cannot be read (ENOENT)');
    await expect(pathsOf('picture.png')).rejects.toThrow('picture.png is not a document');
    await expect(pathsOf('empty')).rejects.toThrow('There is no document in empty');
  });

  it('are copied over their earlier versions', async () => {
    write('docs/a.md');
    const target = join(folder, 'limb');
    const documents = await findDocuments(['docs'], folder);
    await copyDocuments(documents, target);
    writeFileSync(join(folder, 'docs/a.md'), 'new');
    await copyDocuments(documents, target);
    expect(readFileSync(join(target, 'docs/a.md'), 'utf8')).toBe('new');
  });
});
