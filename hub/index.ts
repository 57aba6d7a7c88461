export * from './reducers/invites.ts';
export * from './reducers/leases.ts';
export * from './reducers/lifecycle.ts';
export * from './reducers/limbs.ts';
export * from './reducers/tasks.ts';
export * from './reducers/tenants.ts';
export { default } from './schema.ts';
export * from './views/limb.ts';
export * from './views/member.ts';
