import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Host, startHost } from '../testing/host.fixture.ts';
import { serveStatic } from './static.ts';

const script = 'start();';
const page = `<!doctype html><script>${script}</script><script src="/x.js"></script>`;
const files: { readonly [path: string]: string | Buffer } = {
  'site/index.html': page,
  'site/200.html': '<p>the application',
  'site/about.html': '<p>about',
  'site/docs/index.html': '<p>docs',
  'site/favicon.svg': '<svg/>',
  'site/_app/immutable/entry.js': 'code',
  'site/_app/immutable/entry.js.gz': gzipSync('code'),
  'site/.env': 'SECRET=1',
  'site/a b.txt': 'spaced',
  'secret.txt': 'outside',
  'site-other/file.txt': 'a sibling whose name starts the same',
};

let folder: string;
let host: Host;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-static-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  await symlink(join(folder, 'secret.txt'), join(folder, 'site/link.txt'));
  host = await startHost({ fallback: serveStatic(join(folder, 'site')) });
});
afterAll(async () => {
  await host.server.close();
  await rm(folder, { recursive: true });
});

/** Sends the path as it is, which `fetch` would tidy first. */
function askRaw(path: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ port: host.port, host: '127.0.0.1', path }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      resolve({ status: answer.statusCode, body: Buffer.concat(chunks).toString() });
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('[STATIC1] files', () => {
  test.each([
    ['/', page, 'text/html; charset=utf-8'],
    ['/index.html', page, 'text/html; charset=utf-8'],
    ['/about', '<p>about', 'text/html; charset=utf-8'],
    ['/docs/', '<p>docs', 'text/html; charset=utf-8'],
    ['/docs', '<p>docs', 'text/html; charset=utf-8'],
    ['/favicon.svg', '<svg/>', 'image/svg+xml'],
    ['/a%20b.txt', 'spaced', 'text/plain; charset=utf-8'],
    ['/tasks/17', '<p>the application', 'text/html; charset=utf-8'],
  ])('%s', async (path, body, contentType) => {
    const answer = await fetch(host.url + path);
    expect([answer.status, await answer.text(), answer.headers.get('content-type')]).toEqual([200, body, contentType]);
  });

  test('a missing script is not found, instead of a page', async () => {
    const answer = await fetch(`${host.url}/missing.js`);
    expect([answer.status, await answer.text()]).toEqual([404, 'Not found.']);
  });

  test('only GET and HEAD are possible', async () => {
    const head = await fetch(`${host.url}/favicon.svg`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '6', '']);
    const post = await fetch(`${host.url}/favicon.svg`, { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('a directory that is not there answers 404', async () => {
    const answer = await serveStatic(join(folder, 'nowhere'))(new Request('http://host/'));
    expect(answer.status).toBe(404);
  });
});

describe('[DASH1] a dashboard', () => {
  test('is served under /_/, beside what answers the rest', async () => {
    const site = join(folder, 'site');
    const both = await startHost({ dashboard: serveStatic(site, '/_'), fallback: () => new Response('the rest') });
    const ask = async (path: string) => (await fetch(both.url + path)).text();
    expect(await Promise.all(['/_', '/_/', '/_/about', '/_/docs/', '/about'].map(ask))).toEqual([
      ...[page, page, '<p>about', '<p>docs', 'the rest'],
    ]);
    const { headers } = await fetch(`${both.url}/_/`);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    await both.server.close();
  });

  test.each(['/_/..%2fsecret.txt', '/_/%2e%2e%2fsecret.txt', '/_secret.txt'])('%s leads nowhere', async (path) => {
    const answer = await serveStatic(join(folder, 'site'), '/_')(new Request(`http://host${path}`));
    expect(answer.status).toBe(404);
  });
});

describe('[STATIC2] nothing outside the directory, and nothing hidden, is ever served', () => {
  test.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/docs/../../secret.txt',
    '/..%5csecret.txt',
    '/%5c..%5csecret.txt',
    '//secret.txt',
    '/../site-other/file.txt',
    '/link.txt',
    '/.env',
    '/%2eenv',
    '/docs/%00index.html',
    '/%zz.txt',
    `/${'x'.repeat(300)}.txt`,
    '/favicon.svg/x.txt',
  ])('%s', async (path) => {
    const { status, body } = await askRaw(path);
    expect(body).not.toMatch(/outside|SECRET|sibling/);
    expect([400, 404]).toContain(status);
    expect(host.reported).toEqual([]);
  });
});

describe('[STATIC3] caching', () => {
  test('files with a hash in their place are kept for good, all others are checked each time', async () => {
    const cacheOf = async (path: string) => (await fetch(host.url + path)).headers.get('cache-control');
    expect(await cacheOf('/_app/immutable/entry.js')).toBe('public, max-age=31536000, immutable');
    expect(await cacheOf('/favicon.svg')).toBe('no-cache');
    expect(await cacheOf('/_app/immutable/nothing')).toBe('no-cache');
  });

  test('a file that has not changed is not sent again', async () => {
    const first = await fetch(`${host.url}/favicon.svg`);
    const etag = first.headers.get('etag') ?? '';
    const again = await fetch(`${host.url}/favicon.svg`, { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });
});

test('[STATIC4] a compressed copy is sent to those who take it', async () => {
  const encodingOf = async (accepted: string) => {
    const answer = await fetch(`${host.url}/_app/immutable/entry.js`, { headers: { 'accept-encoding': accepted } });
    expect(await answer.text()).toBe('code');
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    return answer.headers.get('content-encoding');
  };
  expect(await encodingOf('br, gzip')).toBe('gzip');
  expect(await encodingOf('identity')).toBeNull();
  expect(await encodingOf('gzip;q=0')).toBeNull();
});

test('[STATIC5] a page may load its own scripts and talk to its own host, nothing else', async () => {
  const { headers } = await fetch(`${host.url}/`);
  const policy = headers.get('content-security-policy') ?? '';
  const hash = createHash('sha256').update(script).digest('base64');
  expect(policy).toContain(`script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}';`);
  expect(policy.match(/sha256/g)).toHaveLength(1);
  const own = `127.0.0.1:${host.port}`;
  expect(policy).toContain(`connect-src 'self' ws://${own} wss://${own};`);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
});
