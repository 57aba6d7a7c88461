export { Rejection } from '../errors.ts';
export type { TestClient } from './client.ts';
export { CallError } from './failure.ts';
export type { RelationRow, TableRow, UntypedRow } from './module-types.ts';
export type { ModuleSource } from './modules.ts';
export type { Fetch } from './outbound.ts';
export type { Delta, Replica } from './replica.ts';
export { createTestHub, type Mark, type TestHub, type TestHubOptions } from './test-hub.ts';
