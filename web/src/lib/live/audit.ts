import { type AuditPage, type AuditQuery, AuditRefused, readAudit } from '../audit/history.ts';
import { storedToken } from './credentials.ts';
import { databaseName, hubOrigin } from './hub.ts';

/**
 * Who did what, newest first, one page at a time: for owners. Go on with `before` of the page's `next`.
 * @throws AuditRefused with status 403 for whoever owns no tenant
 */
export function fetchAudit(query: AuditQuery, signal?: AbortSignal): Promise<AuditPage> {
  const token = storedToken();
  if (token === undefined) return Promise.reject(new AuditRefused(401, 'You are signed out: sign in again.'));
  return readAudit({ url: hubOrigin(), database: databaseName, token }, query, signal);
}
