import { describe, expect, it } from 'vitest';
import { rowsOf, subscribe, until } from '../conformance/support/client.ts';
import { enter, fatal, messages, notes, start } from './errands.ts';

describe('an HTTP handler', () => {
  const route = '/v1/database/errands/route';

  it('[PROC30] gets method, address, headers and body, and answers with status, headers and body', async () => {
    const host = await start();
    // UTF-8, which is how a module reads and writes headers.
    const zoe = Buffer.from('Zoë').toString('latin1');
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
      const body = method === 'GET' ? undefined : new Uint8Array([0xff, 0x00, 0xfe, 0x7f]);
      const response = await fetch(`${host.url}${route}/echo?a=b&c=%20`, {
        method,
        headers: {
          'x-name': zoe,
          'x-status': '418',
          'content-type': 'image/x-none',
          authorization: 'Bearer not-one',
        },
        ...(body && { body }),
      });
      expect(response.status).toBe(418);
      expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([...(body ?? [])]);
      const url = `${host.url}${route}/echo?a=b&c=%20`;
      expect(response.headers.get('x-seen')).toBe(`${method} ${url} ${body?.length ?? 0}`);
      expect(response.headers.get('content-type')).toBe('image/x-none');
      expect(response.headers.get('x-name')).toBe(zoe);
      expect(Number.parseInt(response.headers.get('x-sender') ?? '', 16)).toBe(0);
    }
  });

  it('[PROC31] is found by method and exact path', async () => {
    const host = await start();
    const ask = async (method: string, path: string) => {
      const { status, text, headers } = await host.ask(method, `${route}${path}`);
      return status === 200 ? (headers.get('x-seen')?.split(' ')[0] ?? text) : status;
    };
    expect(await ask('GET', '/only')).toBe('GET');
    expect(await ask('POST', '/only')).toBe(404);
    expect(await ask('PUT', '/notes')).toBe('PUT');
    expect(await ask('DELETE', '/notes')).toBe('DELETE');
    expect(await ask('PATCH', '/notes')).toBe('PATCH');
    expect(await ask('HEAD', '/notes')).toBe('HEAD');
    expect(await ask('GET', '/notes')).toBe(404);
    expect(await ask('GET', '')).toBe('bare');
    expect(await ask('GET', '/')).toBe('slash');
    expect(await ask('GET', '/leaf')).toBe('leaf');
    expect(await ask('GET', '/leaf/')).toBe('leaf slash');
    expect(await ask('GET', '//leaf')).toBe(404);
    expect(await ask('GET', '/leaf/more')).toBe(404);
    expect(await ask('GET', '/missing')).toBe(404);
  });

  it('[PROC32] writes rows that subscribers see', async () => {
    const host = await start();
    const alice = await enter(host);
    await subscribe(alice, 'SELECT * FROM note');
    const answer = await host.ask('POST', `${route}/notes`, { body: 'posted' });
    expect(answer).toMatchObject({ status: 201, json: { id: 1 } });
    await until('it is seen', () => rowsOf(alice, 'note').some((row) => row['text'] === 'posted'));
  });

  it('[PROC33] that fails or answers with no status is a 530, with a line in the log', async () => {
    const host = await start();
    expect(await host.ask('GET', `${route}/broken`)).toMatchObject({ status: 530, text: fatal });
    const answer = await host.ask('GET', `${route}/echo`, { headers: { 'x-status': '99' } });
    expect(answer.status).toBe(530);
    expect(answer.text).toBe('The HTTP handler `echo` answered with status 99, expected 200 to 599.');
    expect(await messages(host)).toContain(answer.text);
  });

  it('[PROC34] runs several requests at once', async () => {
    const host = await start();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => host.ask('POST', `${route}/notes`, { body: `note ${i}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(201));
    expect(await notes(host)).toHaveLength(40);
  });
});
