import type { Ctx, TaskTerms, ViewCtx } from '../schema.ts';

// A task holds a place of its concurrency key from the moment that it is offered until its lease ends.

/** The key as tenants cannot share it; empty for none. */
export function concurrencyOf(tenantId: bigint, { concurrencyKey }: TaskTerms): string {
  return concurrencyKey === '' ? '' : `${tenantId}/${concurrencyKey}`;
}

/** The tasks that hold the places of a key. */
export function holdersOf(ctx: Pick<ViewCtx, 'db'>, key: string): readonly bigint[] {
  return ctx.db.concurrency.key.find(key)?.holders ?? [];
}

export function hasPlace(ctx: Ctx, key: string, placesMax: number): boolean {
  return key === '' || holdersOf(ctx, key).length < placesMax;
}

export function takePlace(ctx: Ctx, key: string, taskId: bigint): void {
  if (key === '') return;
  const row = ctx.db.concurrency.key.find(key);
  if (row) ctx.db.concurrency.key.update({ key, holders: [...row.holders, taskId] });
  else ctx.db.concurrency.insert({ key, holders: [taskId] });
}

export function givePlaceBack(ctx: Ctx, key: string, taskId: bigint): void {
  const row = key === '' ? undefined : ctx.db.concurrency.key.find(key);
  if (!row) return;
  const holders = row.holders.filter((holder) => holder !== taskId);
  if (holders.length === 0) ctx.db.concurrency.key.delete(key);
  else ctx.db.concurrency.key.update({ key, holders });
}
