import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DbConnection } from '../../bindings/index.ts';
import { hookAddresses } from '../../cli/start/hook-addresses.ts';
import { startTestHub, subscribe, type TestHub, until } from '../support/hub.ts';
import { type Delivery, gitHub, secret, standard } from './signed.ts';

// Webhooks over real HTTP, at the address that `helix start` gives them.

let hub: TestHub;
let owner: DbConnection;
beforeAll(async () => {
  const elsewhere = () => new Response('elsewhere');
  hub = await startTestHub({ fallback: hookAddresses(() => hub.host.databases.find('helix'), elsewhere) });
  owner = await hub.connect(hub.host.operator.token);
  await subscribe(owner, 'SELECT * FROM events', 'SELECT * FROM hooks');
  const hook = (name: string, kind: string, style: 'Standard' | 'GitHub') =>
    owner.reducers.createHook({ tenantId: 1n, name, kind, style: { tag: style }, secret });
  await hook('shop', 'order.paid', 'Standard');
  await hook('code', 'github', 'GitHub');
});
afterAll(() => hub.close());

let last = 0;
const fresh = () => `msg_${++last}`;
const events = () => [...owner.db.events.iter()].sort((a, b) => (a.id < b.id ? -1 : 1));

async function send(hook: number | string, delivery: RequestInit): Promise<[status: number, text: string]> {
  const answer = await fetch(`${hub.host.url}/hooks/${hook}`, delivery);
  return [answer.status, (await answer.text()).trim()];
}

const unauthorized = [401, 'The signature is not right for this hook.'];

/** What the hub has, also what nobody was told yet. */
async function kept(): Promise<string> {
  const authorization = `Bearer ${hub.host.operator.token}`;
  const body = 'SELECT COUNT(*) AS n FROM event; SELECT COUNT(*) AS n FROM delivery; SELECT * FROM hook';
  const answer = await fetch(`${hub.host.url}/v1/database/helix/sql`, {
    method: 'POST',
    headers: { authorization },
    body,
  });
  const results = (await answer.json()) as { readonly rows: unknown }[];
  expect(results).toHaveLength(3);
  return JSON.stringify(results.map(({ rows }) => rows));
}

/** Sends what must be refused: nothing is to come of it. */
async function refused(hook: number | string, delivery: RequestInit): Promise<[number, string]> {
  const before = await kept();
  const answer = await send(hook, delivery);
  expect(await kept()).toBe(before);
  return answer;
}

describe('a webhook', () => {
  it('that is signed becomes an event, and its sender is told which', async () => {
    const body = '{"order": 17, "name": "Zoë"}';
    const [status, text] = await send(1, standard(body, { id: fresh() }));
    expect(status).toBe(202);
    const event = await until('the event is there', () => events().find(({ payload }) => payload === body));
    expect(JSON.parse(text)).toEqual({ event: `${event.id}` });
    expect(event).toMatchObject({
      ...{ tenantId: 1n, kind: 'order.paid', source: 'hook/shop', subject: '' },
      origin: { tag: 'Hook', value: 1n },
    });
    const [shop] = [...owner.db.hooks.iter()];
    expect(shop).toMatchObject({ deliveries: 1n, deliveredAt: event.at });
  });

  it('of GitHub becomes an event of the kind that its header says', async () => {
    const body = '{"ref": "refs/heads/main"}';
    expect((await send(2, gitHub(body, { event: 'pull_request' })))[0]).toBe(202);
    const event = await until('the event is there', () => events().find(({ payload }) => payload === body));
    expect(event).toMatchObject({ kind: 'github.pull_request', source: 'hook/code' });
    expect((await send(2, gitHub('{"a": 1}', { event: 'not a name!' })))[0]).toBe(202);
    await until('the event is there', () => events().find(({ kind }) => kind === 'github'));
  });

  it.each([
    ['without a signature', 1, () => ({ method: 'POST', body: '{}' })],
    ['with another key', 1, () => standard('{}', { id: fresh(), key: `whsec_${'A'.repeat(44)}` })],
    ['of GitHub with another key', 2, () => gitHub('{"b": 1}', { key: 'another' })],
    ['for an address that is not there', 99, () => standard('{}', { id: fresh() })],
    ['in the style of another hook', 1, () => gitHub('{}')],
    ['in the style of yet another hook', 2, () => standard('{}', { id: fresh() })],
    ['with another body', 1, () => ({ ...standard('{"total": 1}', { id: fresh() }), body: '{"total": 9}' })],
    ['with a signature that is cut off', 2, () => cut(gitHub('{"c": 1}'), 'x-hub-signature-256')],
    ['with a signature that is no base64', 1, () => cut(standard('{}', { id: fresh() }), 'webhook-signature')],
    ['without its number', 1, () => standard('{}', { id: '' })],
  ] as const)('%s is refused, and told nothing else', async (_, hook, make) => {
    expect(await refused(hook, make())).toEqual(unauthorized);
  });

  it('whose number or time was changed is refused', async () => {
    const delivery = standard('{}', { id: fresh() });
    for (const [name, value] of [
      ['webhook-id', 'msg_other'],
      ['webhook-timestamp', `${Math.floor(Date.now() / 1000) + 1}`],
    ] as const) {
      const changed = { ...delivery, headers: { ...delivery.headers, [name]: value } };
      expect(await refused(1, changed)).toEqual(unauthorized);
    }
  });

  it('that was signed too long ago, or ahead, is refused', async () => {
    for (const offMs of [-301_000, 302_000]) {
      const [status, text] = await refused(1, standard('{}', { id: fresh(), atMs: Date.now() + offMs }));
      expect([status, text]).toEqual([
        400,
        expect.stringMatching(/^The delivery was signed more than five minutes ago/),
      ]);
    }
    expect((await send(1, standard('{}', { id: fresh(), atMs: Date.now() - 280_000 })))[0]).toBe(202);
  });

  it('that comes again is refused, whatever number it is given', async () => {
    const delivery = standard('{"d": 1}', { id: fresh() });
    expect((await send(1, delivery))[0]).toBe(202);
    const seen = [409, 'This delivery has come before: nothing was done.'];
    expect(await refused(1, delivery)).toEqual(seen);
    expect(await refused(1, standard('{"d": 2}', { id: delivery.headers['webhook-id'] ?? '' }))).toEqual(seen);
    expect((await send(2, gitHub('{"d": 1}', { id: 'one' })))[0]).toBe(202);
    expect(await refused(2, gitHub('{"d": 1}', { id: 'another' }))).toEqual(seen);
  });

  it('that comes many times at once is taken once', async () => {
    const delivery = standard('{"e": 1}', { id: fresh() });
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(1, delivery)));
    expect(answers.map(([status]) => status).sort()).toEqual([202, ...Array(9).fill(409)]);
  });

  it('that is too large, or not JSON, is refused', async () => {
    const large = JSON.stringify('x'.repeat(65_536));
    expect(await refused(1, standard(large, { id: fresh() }))).toEqual([413, 'A delivery has at most 65536 bytes.']);
    const [status, text] = await refused(1, standard('a=b', { id: fresh() }));
    expect([status, text]).toEqual([400, expect.stringMatching(/^invalid-payload: the payload is not JSON/)]);
  });

  it('is a POST to an address with a number; all else is elsewhere', async () => {
    expect(await send('1/more', standard('{}'))).toEqual([200, 'elsewhere']);
    expect(await send('shop', standard('{}'))).toEqual([200, 'elsewhere']);
    expect(await send(1, { method: 'GET' })).toEqual([200, 'elsewhere']);
  });

  it('with several signatures needs one that is right, as while a sender changes its secret', async () => {
    const delivery = standard('{"f": 1}', { id: fresh() });
    const right = delivery.headers['webhook-signature'];
    const several = { ...delivery.headers, 'webhook-signature': `v1,${'A'.repeat(43)}= v2,x ${right}` };
    expect((await send(1, { ...delivery, headers: several }))[0]).toBe(202);
  });

  it('that is signed with a replaced secret, or comes to a deleted hook, is refused', async () => {
    const next = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    await owner.reducers.rotateHook({ hookId: 1n, secret: next });
    expect(await refused(1, standard('{}', { id: fresh() }))).toEqual(unauthorized);
    expect((await send(1, standard('{}', { id: fresh(), key: next })))[0]).toBe(202);
    await owner.reducers.deleteHook({ hookId: 1n });
    expect(await refused(1, standard('{}', { id: fresh(), key: next }))).toEqual(unauthorized);
  });
});

/** The last character of a header is gone. */
function cut(delivery: Delivery, header: string): Delivery {
  const value = delivery.headers[header] ?? '';
  return { ...delivery, headers: { ...delivery.headers, [header]: value.slice(0, -1) } };
}
