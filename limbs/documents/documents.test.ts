import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { DocumentContent } from '../memory/memory.ts';
import { type Converter, openConverter } from './converter/converter.ts';
import { documentBytesMax } from './kinds.ts';
import { documentOf } from './read.ts';
import { type DocumentsRoot, type FoundFile, openDocumentsRoot } from './root.ts';

let folder: string;
let inside: string;
let root: DocumentsRoot;
let converter: Converter;

beforeAll(() => {
  converter = openConverter();
});

afterAll(() => converter.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-documents-'));
  inside = join(folder, 'documents');
  root = await openDocumentsRoot(inside);
  await writeFile(join(folder, 'secret.md'), '# Secret');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(inside, path)), { recursive: true });
  await writeFile(join(inside, path), content);
}

async function paths(path: string): Promise<string[]> {
  return (await root.find(path)).files.map((file) => file.path);
}

async function read(path: string): Promise<DocumentContent> {
  const [found] = (await root.find(path)).files;
  if (!found) throw new Error(`${path} was not found`);
  return readFound(found);
}

async function readFound(found: FoundFile): Promise<DocumentContent> {
  return (await documentOf(root, converter, found, []).open()).read();
}

test('a folder gives its files, without hidden ones and dependencies', async () => {
  await put('b.md', 'b');
  await put('a/deep/c.txt', 'c');
  await put('.git/config.txt', 'x');
  await put('node_modules/x/README.md', 'x');
  expect(await paths('.')).toEqual(['a/deep/c.txt', 'b.md']);
  expect(await paths('a/')).toEqual(['a/deep/c.txt']);
  expect(await paths('./a/../b.md')).toEqual(['b.md']);
});

test.each(['..', '../secret.md', '/etc/passwd', 'a/../../secret.md', '../documents-other/x.md'])(
  'the path %s is refused',
  async (path) => {
    await expect(root.find(path)).rejects.toMatchObject({ code: 'outside-documents' });
  },
);

test('a link that leads out is refused by name, and left out of folders', async () => {
  await put('b.md', 'b');
  await symlink(join(folder, 'secret.md'), join(inside, 'link.md'));
  await symlink(folder, join(inside, 'up'));
  await expect(root.find('link.md')).rejects.toMatchObject({ code: 'outside-documents' });
  await expect(root.find('up/secret.md')).rejects.toMatchObject({ code: 'outside-documents' });
  expect(await paths('')).toEqual(['b.md']);
});

test('a file that is swapped for a link after it was found is not read', async () => {
  await put('b.md', 'b');
  const { files } = await root.find('b.md');
  await rm(join(inside, 'b.md'));
  await symlink(join(folder, 'secret.md'), join(inside, 'b.md'));
  const [found] = files;
  await expect(found && readFound(found)).rejects.toThrow('leads out');
});

test('a link inside of the folder is a document, and a circle of folders is none', async () => {
  await put('b.md', 'b');
  await symlink(join(inside, 'b.md'), join(inside, 'same.md'));
  await symlink(inside, join(inside, 'circle'));
  expect(await paths('')).toEqual(['b.md', 'same.md']);
});

test('nothing there says so', async () => {
  await expect(root.find('no.md')).rejects.toThrow("There is no no.md in the limb's documents folder.");
});

test('titles come from the front matter, the first heading, or the file', async () => {
  await put('a.md', '---\ntitle: "From above"\n---\n# Heading\n\ntext');
  await put('b.md', 'intro\n\n# The `b` heading #\n');
  await put('c.txt', '# not a heading in a text file');
  expect(await read('a.md')).toMatchObject({ title: 'From above' });
  expect(await read('b.md')).toMatchObject({ title: 'The b heading' });
  expect(await read('c.txt')).toMatchObject({ title: 'c.txt' });
});

test('a page gives its main text as Markdown', async () => {
  await put(
    'page.html',
    `<!doctype html><html><head><title>The Page</title><script>evil()</script></head><body>
      <nav><a href="/">Home</a></nav>
      <main><header><h1>Leases</h1><p>by somebody</p></header><p>A lease <b>ends</b> when the limb goes.</p>
      <pre><code>claim()</code></pre><ul><li>one</li><li>two</li></ul><aside>Buy now</aside></main>
      <footer>Imprint</footer></body></html>`,
  );
  const result = await read('page.html');
  expect(result.title).toBe('The Page');
  const content = result.chunks.map((chunk) => `# ${chunk.section}\n\n${chunk.content}`).join('\n\n');
  expect(content).toContain('# Leases\n\nA lease **ends** when the limb goes.');
  expect(content).toContain('```\nclaim()\n```');
  expect(content).toMatch(/-\s+one\n-\s+two/);
  for (const noise of ['evil', 'Home', 'Buy', 'Imprint']) expect(content).not.toContain(noise);
});

test('what is no text is skipped with its reason', async () => {
  await put('binary.txt', Buffer.from([65, 0, 66]));
  await put('latin1.txt', Buffer.from([0xe4, 0x20, 0x61]));
  await put('empty.md', ' \n');
  await put('huge.md', 'x'.repeat(documentBytesMax.markdown + 1));
  await put('photo.png', 'x');
  await expect(read('binary.txt')).rejects.toThrow('it is not text in UTF-8');
  await expect(read('latin1.txt')).rejects.toThrow('it is not text in UTF-8');
  await expect(read('empty.md')).rejects.toThrow('it has no text');
  await expect(read('huge.md')).rejects.toThrow('it has 4194305 bytes, at most 4194304 are read');
  await expect(read('photo.png')).rejects.toMatchObject({
    code: 'unreadable-document',
    message: expect.stringContaining('it is none of Markdown, text, HTML, PDF'),
  });
});
