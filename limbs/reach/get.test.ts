import { createGzip, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OutwardRequest } from '../egress/index.ts';
import { LimbError } from '../errors.ts';
import { startWebServer, unnoted, type WebServer } from '../testing/web-server.ts';
import { isAllowableAddress, isPublicAddress } from './addresses.ts';
import { type Get, get, type Means } from './get.ts';
import { hostPattern, namedHost } from './host.ts';

let server: WebServer;
/** Another one, which the limb may not reach. */
let secret: WebServer;
const ended: string[] = [];

beforeAll(async () => {
  secret = await startWebServer((_, response) => response.end('secret'));
  server = await startWebServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://here');
    response.on('close', () => ended.push(url.pathname));
    switch (url.pathname) {
      case '/to':
        return response.writeHead(302, { location: url.searchParams.get('at') ?? '' }).end('moved');
      case '/circle':
        return response.writeHead(301, { location: '/circle' }).end();
      case '/silent':
        return;
      case '/slow':
        response.write('a');
        setInterval(() => response.write('a'), 50).unref();
        return;
      case '/endless': {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')));
          response.once('drain', more);
        };
        return more();
      }
      case '/bomb': {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        const gzip = createGzip();
        gzip.pipe(response);
        gzip.on('error', () => {});
        response.on('close', () => gzip.destroy());
        const zeros = Buffer.alloc(1 << 20);
        const more = () => {
          while (!gzip.destroyed && gzip.write(zeros));
          gzip.once('drain', more);
        };
        return more();
      }
      case '/packed':
        return response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked'));
      case '/odd':
        return response.writeHead(200, { 'content-encoding': 'compress' }).end('x');
      default:
        return response.writeHead(200, { 'content-type': 'Text/HTML; charset=ISO-8859-1' }).end('hello');
    }
  });
});

afterAll(async () => {
  await server.close();
  await secret.close();
});

const wanted = (url: string, more: Partial<Get> = {}): Get => ({
  url,
  method: 'GET',
  timeoutMs: 20_000,
  bytesMax: 100_000,
  accept: '*/*',
  ...more,
});

const means = (more: Partial<Means> = {}): Means => ({
  reach: { public: false, hosts: [namedHost(server.host)] },
  signal: new AbortController().signal,
  note: unnoted,
  ...more,
});

test('each request is written down before it is sent, those of redirects too, and none that is refused', async () => {
  const noted: string[] = [];
  const askedAt: number[] = [];
  const note = ({ method, url }: OutwardRequest) => {
    noted.push(`${method} ${url.href}`);
    askedAt.push(server.asked.length);
  };
  const before = server.asked.length;
  await get(wanted(`${server.url}/to?at=/page%3Fkey=1`, { method: 'HEAD' }), means({ note }));
  expect(noted).toEqual([`HEAD ${server.url}/to?at=/page%3Fkey=1`, `HEAD ${server.url}/page?key=1`]);
  expect(askedAt).toEqual([before, before + 1]);
  await expect(get(wanted(secret.url), means({ note }))).rejects.toMatchObject({ code: 'address-refused' });
  expect(noted).toHaveLength(2);
});

test('what cannot be written down is not asked', async () => {
  const before = server.asked.length;
  const note = () => {
    throw new LimbError('egress-journal', 'The disk is full.', { isRetryable: true });
  };
  const work = get(wanted(`${server.url}/page`), means({ note }));
  await expect(work).rejects.toMatchObject({ code: 'egress-journal', isRetryable: true });
  expect(server.asked).toHaveLength(before);
});

test('an allowed address is read, with its type and charset', async () => {
  const got = await get(wanted(`${server.url}/page?key=1`), means());
  expect(got).toMatchObject({ status: 200, type: 'text/html', charset: 'iso-8859-1', isCut: false });
  expect(got.body.toString()).toBe('hello');
  expect(got.url, 'without its query').toBe(`${server.url}/page`);
  expect((await get(wanted(`${server.url}/packed`), means())).body.toString()).toBe('unpacked');
  expect((await get(wanted(`${server.url}/page`, { method: 'HEAD' }), means())).body.length).toBe(0);
});

test.each([
  'file:///etc/passwd',
  'ftp://127.0.0.1/',
  'http://user:word@127.0.0.1/',
  'javascript:alert(1)',
  'nonsense',
  'http://127.0.0.1/',
  'http://127.0.0.1:1/',
  'http://localhost/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://169.254.169.254/latest/meta-data',
  'http://10.0.0.1/',
])('%s is refused, also where all of the internet is allowed', async (url) => {
  for (const isPublic of [false, true]) {
    const work = get(wanted(url), means({ reach: { public: isPublic, hosts: [namedHost(server.host)] } }));
    await expect(work).rejects.toMatchObject({ code: 'address-refused', isRetryable: false });
  }
});

test('each redirect is judged: to another port, a metadata address or a file it does not go', async () => {
  const targets = [secret.url, 'http://169.254.169.254/', 'file:///etc/passwd', 'http://[::1]/', `//${secret.host}/`];
  for (const target of targets) {
    const work = get(
      wanted(`${server.url}/to?at=${encodeURIComponent(target)}`),
      means({ reach: { public: true, hosts: [namedHost(server.host)] } }),
    );
    await expect(work, target).rejects.toMatchObject({ code: 'address-refused' });
  }
  expect(secret.asked).toEqual([]);
  expect((await get(wanted(`${server.url}/to?at=/page`), means())).url).toBe(`${server.url}/page`);
  await expect(get(wanted(`${server.url}/circle`), means())).rejects.toMatchObject({ code: 'too-many-redirects' });
});

test('a name is looked up once, and what was judged is what is connected to', async () => {
  const { port } = new URL(server.url);
  let lookups = 0;
  // The first answer is public, the next ones are not: whoever looked again would connect to loopback.
  const rebinding = async () => {
    lookups++;
    return [{ address: lookups === 1 ? '192.0.2.1' : '127.0.0.1', family: 4 }];
  };
  const url = `http://rebind.example:${port}/page`;
  const open = { public: true, hosts: [] };
  await expect(get(wanted(url), means({ reach: open, addressesOf: rebinding }))).rejects.toMatchObject({
    code: 'address-refused',
  });
  expect(lookups).toBe(1);

  const named = { public: false, hosts: [namedHost(`rebind.example:${port}`)] };
  const got = await get(wanted(url), means({ reach: named, addressesOf: rebinding }));
  expect([got.status, lookups]).toEqual([200, 2]);

  const mixed = async () => [
    { address: '169.254.169.254', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ];
  expect((await get(wanted(url), means({ reach: named, addressesOf: mixed }))).status).toBe(200);
  const toKeys = async () => [{ address: '169.254.169.254', family: 4 }];
  await expect(get(wanted(url), means({ reach: named, addressesOf: toKeys }))).rejects.toMatchObject({
    code: 'address-refused',
  });
});

test('of an endless body, and of a small one that unpacks without end, only so much is read', async () => {
  for (const path of ['/endless', '/bomb']) {
    const got = await get(wanted(server.url + path), means());
    expect([got.body.length, got.isCut]).toEqual([100_000, true]);
    while (!ended.includes(path)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

test('silence and a body that trickles end with their time', async () => {
  for (const path of ['/silent', '/slow']) {
    const work = get(wanted(server.url + path, { timeoutMs: 300 }), means());
    await expect(work).rejects.toMatchObject({ code: 'timed-out', isRetryable: true });
  }
  const controller = new AbortController();
  const work = get(wanted(`${server.url}/silent`), means({ signal: controller.signal }));
  controller.abort(new Error('cancelled'));
  await expect(work).rejects.toThrow('cancelled');
});

test('a server that is not there may be there later; an unknown encoding may not', async () => {
  const gone = await startWebServer(() => {});
  await gone.close();
  const reach = { public: false, hosts: [namedHost(gone.host)] };
  await expect(get(wanted(gone.url), means({ reach }))).rejects.toMatchObject({
    code: 'unreachable',
    isRetryable: true,
  });
  await expect(get(wanted(`${server.url}/odd`), means())).rejects.toMatchObject({ code: 'unknown-encoding' });
});

test.each(['127.0.0.1', '10.1.1.1', '192.168.0.1', '::1', 'fd12::1', '8.8.8.8'])(
  'a name that the owner allows may lead to %s',
  (address) => expect(isAllowableAddress(address)).toBe(true),
);

test.each([
  ...['169.254.169.254', '100.100.100.200', '0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'fe80::1', 'ff02::1'],
  ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:10.0.0.1', 'fd00:ec2::254', '64:ff9b::7f00:1', 'example.com', ''],
])('no name may lead to %s', (address) => {
  expect([isAllowableAddress(address), isPublicAddress(address)]).toEqual([false, false]);
});

test('hosts are names or addresses, with a port or without', () => {
  expect(namedHost('Wiki.Example.com')).toEqual({ hostname: 'wiki.example.com', port: '' });
  expect(namedHost('[::1]:8080')).toEqual({ hostname: '[::1]', port: '8080' });
  for (const wrong of ['http://x', 'a/b', '*.example.com', 'x:0', 'a@b', '', '::1']) {
    expect(hostPattern.test(wrong), wrong).toBe(false);
  }
});
