import { deflateRawSync, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chunkSections } from '../memory/chunks.ts';
import { type Converter, openConverter } from './converter/converter.ts';
import { kindOf } from './kinds.ts';

let converter: Converter;

beforeAll(() => {
  converter = openConverter({ timeMs: 20_000 });
});

afterAll(() => converter.close());

async function convert(path: string, content: string | Uint8Array) {
  const kind = kindOf(path);
  if (!kind) throw new Error(`${path} is no document`);
  const { title, sections } = await converter.convert(kind, path, Buffer.from(content));
  return { title, chunks: chunkSections(sections) };
}

test('files that programs lock their dependencies with are no documents', () => {
  expect(['a/package-lock.json', 'pnpm-lock.yaml', 'x.min.js', 'photo.png', 'Makefile'].map(kindOf)).toEqual(
    Array(5).fill(undefined),
  );
});

test('a table becomes rows that name their columns', async () => {
  const { chunks } = await convert(
    'people.csv',
    '\uFEFFname;born;note\n"Lovelace; Ada";1815;\nTuring;1912;"two\nlines"\n',
  );
  expect(chunks).toEqual([
    { section: '', content: 'name: Lovelace; Ada\nborn: 1815\n\nname: Turing\nborn: 1912\nnote: two\nlines' },
  ]);
  expect((await convert('t.tsv', 'a\tb\n1\t2,3\n')).chunks[0]?.content).toBe('a: 1\nb: 2,3');
});

test('values of JSON and YAML keep their paths, and what belongs together stays together', async () => {
  const json = { server: { port: 80, hosts: ['a', 'b'] }, users: [{ name: 'Ada', role: 'owner' }], empty: null };
  const expected = [
    { section: 'server', content: 'server.port: 80\nserver.hosts: a\nserver.hosts: b' },
    { section: 'users', content: 'users.name: Ada\nusers.role: owner' },
  ];
  expect((await convert('a.json', JSON.stringify(json))).chunks).toEqual(expected);
  expect(
    (await convert('a.yaml', 'server:\n  port: 80\n  hosts: [a, b]\nusers:\n  - name: Ada\n    role: owner\n')).chunks,
  ).toEqual(expected);
  expect((await convert('a.jsonl', '{"a":1}\n{"a":2}\n')).chunks).toEqual([
    { section: 'a', content: 'a: 1' },
    { section: 'a', content: 'a: 2' },
  ]);
});

test('large values are cut between their parts', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({ id: i, text: 'word '.repeat(20).trim() }));
  const { chunks } = await convert('rows.json', JSON.stringify({ rows }));
  expect(chunks.length).toBeGreaterThan(5);
  for (const { content } of chunks) expect(content).toMatch(/^rows\.id: \d+\n/);
});

test('source code is cut at its definitions, with the comments above them', async () => {
  const body = Array.from({ length: 12 }, (_, i) => `  const value${i} = compute(${i}, 'some text');`).join('\n');
  const text = `import x from 'x';\n\n/** Adds. */\nexport function add(a, b) {\n${body}\n\n  return a + b;\n}\n\n// Holds.\nexport class Box {\n${body}\n}\n`;
  const { chunks } = await convert('a.ts', text);
  expect(chunks.map((chunk) => chunk.section)).toEqual(['', 'add', 'Box']);
  expect(chunks[1]?.content).toMatch(/^\/\*\* Adds\. \*\/\nexport function add[\s\S]*return a \+ b;\n}$/);
  expect(chunks[2]?.content).toMatch(/^\/\/ Holds\.\nexport class Box/);
  const python = `def first():\n${'    call()\n'.repeat(40)}\n\nclass Second:\n${'    x = 1\n'.repeat(50)}`;
  expect((await convert('a.py', python)).chunks.map((chunk) => chunk.section)).toEqual(['first', 'Second']);
});

test('a Word document keeps its headings', async () => {
  const paragraph = (text: string, style = '') =>
    `<w:p>${style && `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t>${text}</w:t></w:r></w:p>`;
  const { title, chunks } = await convert(
    'a.docx',
    docx(`${paragraph('The Guide', 'Heading1')}${paragraph('Use it.')}`),
  );
  expect(title).toBe('The Guide');
  expect(chunks).toEqual([{ section: 'The Guide', content: 'Use it.' }]);
});

test('a PDF gives a section a page', async () => {
  const { title, chunks } = await convert('a.pdf', pdf(['The first page.', 'The second page.']));
  expect(title).toBe('A PDF');
  expect(chunks).toEqual([
    { section: 'Page 1', content: 'The first page.' },
    { section: 'Page 2', content: 'The second page.' },
  ]);
});

test.each([
  ['a.pdf', 'no PDF', /^it is not a PDF that can be read/],
  ['a.pdf', pdf(['text']).subarray(0, 60), /^it is not a PDF that can be read|^it has no text/],
  ['a.docx', 'no archive', /^it is not a Word document: it is no archive/],
  ['a.docx', zip({ 'x.xml': Buffer.from('<x/>') }), /^it is not a Word document that can be read/],
  ['a.json', '{"a": ', /^it is not JSON \(/],
  ['a.json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /nested more than 64 deep/],
  ['a.yaml', 'a: [1, 2\nb: }', /^it is not YAML that can be read/],
  ['a.csv', 'a,"b\n1,2', /^it is not a table that can be read/],
  ['a.csv', 'a,b\n', /^it is a table without rows/],
  ['a.html', Buffer.from([0xff, 0xfe, 0]), /^it is not text in UTF-8/],
])('%s that is malformed says why', async (path, content, reason) => {
  await expect(convert(path, content)).rejects.toMatchObject({
    code: 'unreadable-document',
    message: expect.stringMatching(reason),
  });
});

test('bombs are bounded, and the next document is read', { timeout: 60_000 }, async () => {
  const laughs = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih', 'ji'])
    laughs.push(`${name}: &${name} [${Array(9).fill(`*${of}`)}]`);
  await expect(convert('bomb.yaml', laughs.join('\n'))).rejects.toThrow(/alias/i);
  const packed = deflateRawSync(Buffer.alloc(200 * 1024 * 1024));
  await expect(convert('bomb.docx', zip({}, { 'word/document.xml': { packed, size: 1000 } }))).rejects.toThrow(
    'it unpacks to more than 128 MiB',
  );
  expect((await convert('a.md', 'still here')).chunks).toEqual([{ section: '', content: 'still here' }]);
});

test('a PDF that unpacks to far more than it is ends its reader at a bound, and the next document is read', async () => {
  const bounded = openConverter({ timeMs: 10_000 });
  const lines = Buffer.from(`BT /F1 12 Tf 72 720 Td\n${'(aaaaaaaa) Tj T*\n'.repeat(8_000_000)}ET`);
  const bomb = pdf([deflateSync(lines, { level: 1 })]);
  expect(bomb.length).toBeLessThan(lines.length / 100);
  await expect(bounded.convert('pdf', 'bomb.pdf', bomb)).rejects.toThrow(
    /^it (took more than 10 s|takes more than 1024 MiB)/,
  );
  expect((await bounded.convert('markdown', 'a.md', Buffer.from('still here'))).sections).toHaveLength(1);
  bounded.close();
}, 60_000);

test('a PDF with too many pages is refused; one that lies about them, or about its size, is read', async () => {
  await expect(convert('a.pdf', pdf(Array(3001).fill('x')))).rejects.toThrow(
    'it has 3001 pages, at most 3000 are read',
  );
  const { chunks } = await convert('a.pdf', pdf(['A wall of text.'], 2_000_000_000, 2_000_000_000));
  expect(chunks).toEqual([{ section: 'Page 1', content: 'A wall of text.' }]);
});

test('what takes too long is ended, and the next document is read', async () => {
  const hasty = openConverter({ timeMs: 1 });
  await expect(hasty.convert('pdf', 'slow.pdf', pdf(['x']))).rejects.toThrow('it took more than 0.001 s to read');
  hasty.close();
  const controller = new AbortController();
  const going = converter.convert('markdown', 'a.md', Buffer.from('a'), controller.signal);
  controller.abort(new Error('stopped'));
  await expect(going).rejects.toThrow('stopped');
  expect((await convert('a.md', 'again')).chunks).toHaveLength(1);
});

/** An archive of stored parts, and of packed ones whose size it may lie about. */
function zip(
  parts: Record<string, Buffer>,
  packedParts: Record<string, { packed: Buffer; size: number }> = {},
): Buffer {
  const entries = [
    ...Object.entries(parts).map(([name, data]) => ({ name, method: 0, data, size: data.length })),
    ...Object.entries(packedParts).map(([name, { packed, size }]) => ({ name, method: 8, data: packed, size })),
  ];
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, method, data, size } of entries) {
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(crc32(data), 10);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(size, 18);
    shared.writeUInt16LE(name.length, 22);
    const file = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), shared, Buffer.from(name), data]);
    const entry = Buffer.alloc(46);
    entry.write('PK\u0001\u0002', 0, 'latin1');
    entry.writeUInt16LE(20, 4);
    shared.copy(entry, 6, 0, 26);
    entry.writeUInt32LE(offset, 42);
    files.push(file);
    directory.push(entry, Buffer.from(name));
    offset += file.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, list, end]);
}

function crc32(data: Buffer): number {
  let crc = ~0;
  for (const byte of data.length > 1_000_000 ? [] : data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

function docx(body: string): Buffer {
  const types = 'http://schemas.openxmlformats.org/package/2006/content-types';
  const relations = 'http://schemas.openxmlformats.org/package/2006/relationships';
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument';
  const word = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';
  return zip({
    '[Content_Types].xml': Buffer.from(
      `<Types xmlns="${types}"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
    ),
    '_rels/.rels': Buffer.from(
      `<Relationships xmlns="${relations}"><Relationship Id="r1" Type="${office}" Target="word/document.xml"/></Relationships>`,
    ),
    'word/document.xml': Buffer.from(`<w:document xmlns:w="${word}"><w:body>${body}</w:body></w:document>`),
  });
}

/** A PDF of one line a page, or of pages whose content is packed; it may lie about how many there are, and how large. */
function pdf(pages: readonly (string | Buffer)[], count = pages.length, edge = 792): Buffer {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${count} /Kids [${pages.map((_, i) => `${5 + 2 * i} 0 R`).join(' ')}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    '<< /Title (A PDF) >>',
    ...pages.flatMap((text, i) => {
      const isPacked = typeof text !== 'string';
      const stream = isPacked ? text.toString('latin1') : `BT /F1 12 Tf 72 720 Td (${text}) Tj ET`;
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 ${edge}] /Contents ${6 + 2 * i} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
        `<< /Length ${stream.length}${isPacked ? ' /Filter /FlateDecode' : ''} >>\nstream\n${stream}\nendstream`,
      ];
    }),
  ];
  let text = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const offset = text.length;
    text += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = text.length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 4 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}
