import { Router, SyncResponse, schema, t, table } from 'spacetimedb/server';

// HTTP handlers beside the host's own answers, a procedure that outlives its caller, and a top level that waits.

const note = table({ name: 'note', public: true }, { id: t.u64().primaryKey().autoInc(), text: t.string() });

const greeting = await Promise.resolve('awaited');

const spacetimedb = schema({ note });
export default spacetimedb;

export const greet = spacetimedb.reducer((ctx) => {
  ctx.db.note.insert({ id: 0n, text: greeting });
});

export const onDisconnect = spacetimedb.clientDisconnected((ctx) => {
  const subject = ctx.senderAuth.jwt?.subject ?? 'nobody';
  ctx.db.note.insert({ id: 0n, text: `gone ${subject}` });
});

/** Notes who called it once `url` has answered. */
export const wait = spacetimedb.procedure({ url: t.string() }, t.string(), (ctx, { url }) => {
  ctx.http.fetch(url).text();
  return ctx.withTx((tx) => {
    const text = `waited ${tx.senderAuth.jwt?.subject ?? 'nobody'}`;
    tx.db.note.insert({ id: 0n, text });
    return text;
  });
});

const answer = (text: string, headers: Record<string, string> = {}) =>
  new SyncResponse(text, { status: 200, headers: { 'content-type': 'text/plain', ...headers } });

export const page = spacetimedb.httpHandler((_ctx, request) => answer(`page ${request.method}`));

export const preflight = spacetimedb.httpHandler(() =>
  answer('preflight', { 'access-control-allow-origin': 'https://only.example', 'access-control-allow-methods': 'PUT' }),
);

export const routes = spacetimedb.httpRouter(
  new Router().get('/page', page).head('/page', page).any('/any', page).options('/own', preflight).put('/own', page),
);
