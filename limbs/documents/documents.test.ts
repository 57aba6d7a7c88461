import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { documentBytesMax, readDocument } from './read.ts';
import { type DocumentsRoot, openDocumentsRoot } from './root.ts';

let folder: string;
let inside: string;
let root: DocumentsRoot;

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

async function read(path: string) {
  const [found] = (await root.find(path)).files;
  if (!found) throw new Error(`${path} was not found`);
  return readDocument(root, found);
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
  expect(found && (await readDocument(root, found))).toMatchObject({ reason: expect.stringContaining('leads out') });
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
  expect(await read('a.md')).toMatchObject({ document: { title: 'From above' } });
  expect(await read('b.md')).toMatchObject({ document: { title: 'The b heading' } });
  expect(await read('c.txt')).toMatchObject({ document: { title: 'c.txt', path: 'c.txt' } });
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
  expect(result).toMatchObject({ document: { title: 'The Page' } });
  const content = 'document' in result ? result.document.content : '';
  expect(content).toContain('# Leases\n\nA lease **ends** when the limb goes.');
  expect(content).toContain('```\nclaim()\n```');
  expect(content).toMatch(/-\s+one\n-\s+two/);
  for (const noise of ['evil', 'Home', 'Buy', 'Imprint']) expect(content).not.toContain(noise);
});

test('what is no text is skipped with its reason', async () => {
  await put('binary.txt', Buffer.from([65, 0, 66]));
  await put('latin1.txt', Buffer.from([0xe4, 0x20, 0x61]));
  await put('empty.md', ' \n');
  await put('huge.md', 'x'.repeat(documentBytesMax + 1));
  await put('photo.png', 'x');
  expect(await read('binary.txt')).toEqual({ reason: 'it is not text in UTF-8' });
  expect(await read('latin1.txt')).toEqual({ reason: 'it is not text in UTF-8' });
  expect(await read('empty.md')).toEqual({ reason: 'it has no text' });
  expect(await read('huge.md')).toEqual({ reason: 'it has 1048577 bytes, at most 1048576 are read' });
  expect(await read('photo.png')).toMatchObject({ reason: expect.stringContaining('it is not one of .md') });
});
