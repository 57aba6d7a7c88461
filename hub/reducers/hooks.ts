import { Router, SenderError, t } from 'spacetimedb/server';
import { requireKind } from '../events/emit.ts';
import { forgetAll } from '../hooks/deliveries.ts';
import { receive } from '../hooks/receive.ts';
import { keyOf } from '../hooks/signature.ts';
import { requireRow } from '../lib/assertion.ts';
import { limits } from '../lib/limits.ts';
import { requireText } from '../lib/text.ts';
import spacetimedb, { type Ctx, type HookRow } from '../schema.ts';
import { HookStyle } from '../tables/hooks.ts';
import { requireMember, requireOwn } from './access.ts';

/**
 * Opens an address at which another system makes events of one kind. The secret is made by the caller, who alone can show
 * it: `whsec_` and then 24 to 64 random bytes in base64.
 */
export const createHook = spacetimedb.reducer(
  { name: 'create_hook' },
  { tenantId: t.u64(), name: t.string(), kind: t.string(), style: HookStyle, secret: t.string() },
  (ctx, { tenantId, style, secret, ...given }) => {
    requireMember(ctx, tenantId, 'Owner');
    const name = requireText('name', given.name, limits.nameCharsMax);
    const kind = requireKind(given.kind);
    const key = keyOf(style.tag, secret);
    const hooks = [...ctx.db.hook.tenantId.filter(tenantId)];
    if (hooks.some((hook) => hook.name === name)) {
      throw new SenderError(`name-taken: there is a hook ${name} already; choose another name, or delete that one`);
    }
    if (hooks.length >= limits.hooksMax) {
      throw new SenderError(
        `too-many-hooks: the tenant has ${limits.hooksMax} hooks, the most that are allowed; delete one first`,
      );
    }
    const hook = ctx.db.hook.insert({
      id: 0n,
      tenantId,
      name,
      kind,
      style,
      createdBy: ctx.sender,
      createdAt: ctx.timestamp,
      rotatedAt: undefined,
      deliveries: 0n,
      deliveredAt: undefined,
    });
    ctx.db.hookKey.insert({ hookId: hook.id, key, head: 1n, tail: 1n });
  },
);

/** Replaces the secret of a hook: what is signed with the old one is refused from now on. */
export const rotateHook = spacetimedb.reducer(
  { name: 'rotate_hook' },
  { hookId: t.u64(), secret: t.string() },
  (ctx, { hookId, secret }) => {
    const hook = requireHook(ctx, hookId);
    const known = requireRow(ctx.db.hookKey.hookId.find(hookId), `the key of hook ${hookId}`);
    ctx.db.hookKey.hookId.update({ ...known, key: keyOf(hook.style.tag, secret) });
    ctx.db.hook.id.update({ ...hook, rotatedAt: ctx.timestamp });
  },
);

/** Closes an address. The events that came by it stay. */
export const deleteHook = spacetimedb.reducer({ name: 'delete_hook' }, { hookId: t.u64() }, (ctx, { hookId }) => {
  requireHook(ctx, hookId);
  ctx.db.hook.id.delete(hookId);
  ctx.db.hookKey.hookId.delete(hookId);
  forgetAll(ctx, hookId);
});

/** Takes the deliveries of all hooks: `?id=` says of which. */
export const postHook = spacetimedb.httpHandler({ name: 'post_hook' }, receive);

export const hookRoutes = spacetimedb.httpRouter(new Router().post('/hooks', postHook));

function requireHook(ctx: Ctx, id: bigint): HookRow {
  return requireOwn(ctx, { what: 'hook', id, row: ctx.db.hook.id.find(id), atLeast: 'Owner' }).row;
}
