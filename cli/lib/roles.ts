import type { Role } from '../../bindings/types.ts';

export type RoleTag = Role['tag'];
export type RoleName = 'owner' | 'operator' | 'viewer';

export const roleTags: Record<RoleName, RoleTag> = { owner: 'Owner', operator: 'Operator', viewer: 'Viewer' };
