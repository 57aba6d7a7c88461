import type { ViewCtx } from '../schema.ts';

/** The caller's own memberships. The views of tenants' rows are joins from here, so nobody sees those of another tenant. */
export function memberships({ from, sender }: Pick<ViewCtx, 'from' | 'sender'>) {
  return from.member.where((member) => member.identity.eq(sender));
}
