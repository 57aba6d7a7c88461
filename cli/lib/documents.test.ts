import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findDocuments, namedPaths } from './documents.ts';
import { dropDocuments, putDocuments, type Shelf } from './shelf.ts';

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
  return (await findDocuments(given, { from: folder })).documents.map((document) => document.path);
}

describe('documents to remember', () => {
  it('are the files of a folder that are read; hidden ones, packages and links are left out', async () => {
    write('docs/a.md', 'docs/b.TXT', 'docs/deep/c.html', 'docs/d.png', 'docs/.hidden.md', 'docs/.git/e.md');
    write('docs/node_modules/x/README.md', 'elsewhere.md');
    symlinkSync(join(folder, 'elsewhere.md'), join(folder, 'docs/link.md'));
    expect(await pathsOf('docs')).toEqual(['docs/a.md', 'docs/b.TXT', 'docs/deep/c.html']);
  });

  it('keep their folders below the current folder, and their own name from elsewhere', async () => {
    write('work/notes/a.md', 'other/manual/b.md', 'other/c.md');
    const from = join(folder, 'work');
    const found = await findDocuments(['notes/a.md', '../other/manual', join(folder, 'other/c.md')], { from });
    expect(found.documents.map((document) => document.path)).toEqual(['c.md', 'manual/b.md', 'notes/a.md']);
  });

  it('named twice are one; two that would become one are refused', async () => {
    write('work/a.md', 'one/a.md', 'two/a.md');
    expect(await pathsOf('work', 'work/a.md')).toEqual(['work/a.md']);
    const from = join(folder, 'work');
    await expect(findDocuments(['../one/a.md', '../two/a.md'], { from })).rejects.toThrow(
      /both be remembered as a\.md/,
    );
  });

  it('that do not exist, are of another kind, or are none in a folder, are refused by name', async () => {
    write('picture.png', 'empty/picture.png');
    await expect(pathsOf('missing.md')).rejects.toThrow('missing.md cannot be read (ENOENT)');
    await expect(pathsOf('picture.png')).rejects.toThrow('picture.png is not a document');
    await expect(pathsOf('empty')).rejects.toThrow('There is no document in empty');
  });

  it('may be none yet in a folder that is to be followed', async () => {
    write('inbox/picture.png');
    const found = await findDocuments(['inbox'], { from: folder, mayBeEmpty: true });
    expect(found).toEqual({ documents: [], folders: [{ path: 'inbox', file: join(folder, 'inbox') }] });
  });

  it('are named to the limb by their folder, or by their own path', async () => {
    write('docs/a.md', 'docs/deep/b.md', 'c.md');
    expect(namedPaths(await findDocuments(['docs', 'c.md', 'docs/a.md'], { from: folder }))).toEqual(['docs', 'c.md']);
  });

  it('are copied over their earlier versions, and what is gone from a folder is gone from its copy', async () => {
    write('docs/a.md', 'docs/b.md', 'other.md');
    const there = shelf();
    await putDocuments(await findDocuments(['docs', 'other.md'], { from: folder }), there);
    writeFileSync(join(folder, 'docs/a.md'), 'new');
    rmSync(join(folder, 'docs/b.md'));
    await putDocuments(await findDocuments(['docs'], { from: folder }), there);
    expect(readFileSync(join(there.documents, 'docs/a.md'), 'utf8')).toBe('new');
    expect(existsSync(join(there.documents, 'docs/b.md'))).toBe(false);
    expect(existsSync(join(there.documents, 'other.md'))).toBe(true);
  });

  it('of another folder of the same name are refused until the first is forgotten', async () => {
    write('one/docs/a.md', 'two/docs/b.md');
    const there = shelf();
    await putDocuments(await findDocuments(['docs'], { from: join(folder, 'one') }), there);
    const second = await findDocuments(['docs'], { from: join(folder, 'two') });
    await expect(putDocuments(second, there)).rejects.toThrow(/docs is remembered from .*one\/docs already/);
    await dropDocuments(['docs', '../../two'], there);
    await putDocuments(second, there);
    expect(existsSync(join(there.documents, 'docs/a.md'))).toBe(false);
    expect(existsSync(join(folder, 'two/docs/b.md'))).toBe(true);
  });
});

function shelf(): Shelf {
  return { documents: join(folder, 'limb/documents/1'), sources: join(folder, 'limb/documents/1.json') };
}
