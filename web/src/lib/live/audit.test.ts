import { afterEach, expect, it, vi } from 'vitest';
import { fetchAudit } from './audit.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

function signIn(token: string | undefined): void {
  vi.stubGlobal('localStorage', { getItem: () => token ?? null });
  vi.stubGlobal('location', { origin: 'http://hub.example:3000' });
}

it('asks the hub that served the page, as who is signed in', async () => {
  signIn('my-token');
  const page = { commits: [], next: null, begins_at: 0 };
  const fetching = vi.fn(async (_address: URL, _init: RequestInit) => Response.json(page));
  vi.stubGlobal('fetch', fetching);
  const query = { task: 12n, tenant: 1n, limit: 20, since: new Date('2026-11-21T10:00:00Z') };
  expect(await fetchAudit(query)).toEqual(page);
  const [address, init] = fetching.mock.calls[0] ?? [];
  expect(address?.href).toBe(
    'http://hub.example:3000/v1/database/helix/history?limit=20&scope=1&since=2026-11-21T10%3A00%3A00.000Z&about=task.id%3A12',
  );
  expect(init?.headers).toEqual({ authorization: 'Bearer my-token' });
});

it("fails with the hub's own words", async () => {
  signIn('my-token');
  vi.stubGlobal('fetch', async () => new Response('ask one of its owners.\n', { status: 403 }));
  await expect(fetchAudit({})).rejects.toMatchObject({ status: 403, message: 'ask one of its owners.' });
});

it('asks nobody when nobody is signed in', async () => {
  signIn(undefined);
  await expect(fetchAudit({})).rejects.toMatchObject({ status: 401 });
});
