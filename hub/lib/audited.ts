/** What of a table is in the history that a tenant's owners may read; names as the engine knows them. */
export interface Audited {
  /** The column that has the tenant's number. */
  readonly tenant: string;
  /** A change of other columns is not told, nor is who made it: never a code, a hash, an input or a result. */
  readonly columns: readonly string[];
}

/**
 * Who did what is told by these tables. Columns that change when somebody of another tenant does something, such as what a
 * limb is busy with, do not belong here.
 */
export const audited: Readonly<Record<string, Audited>> = {
  tenant: { tenant: 'id', columns: ['id', 'name'] },
  member: { tenant: 'tenant_id', columns: ['tenant_id', 'identity', 'role', 'name'] },
  invite: { tenant: 'tenant_id', columns: ['tenant_id', 'kind', 'role', 'created_by', 'expires_at'] },
  limb: {
    tenant: 'tenant_id',
    columns: [
      'tenant_id',
      'identity',
      'name',
      'skills',
      'online',
      'version',
      'sandbox',
      'model',
      'labels',
      'allowed_skills',
      'capacity_max',
    ],
  },
  task: {
    tenant: 'tenant_id',
    columns: [
      'id',
      'tenant_id',
      'skill',
      'title',
      'state',
      'priority',
      'attempt',
      'failures',
      'limb',
      'parent',
      'submitted_by',
      'error',
    ],
  },
  recipe: { tenant: 'tenant_id', columns: ['id', 'tenant_id', 'name', 'version', 'updated_by'] },
  run: {
    tenant: 'tenant_id',
    columns: ['id', 'tenant_id', 'recipe', 'version', 'state', 'started_by', 'retries', 'error'],
  },
  approval: {
    tenant: 'tenant_id',
    columns: ['id', 'tenant_id', 'run_id', 'path', 'role', 'state', 'decided_by', 'note'],
  },
  budget: { tenant: 'tenant_id', columns: ['id', 'tenant_id', 'holder', 'scope', 'unit', 'period', 'bound'] },
  hook: { tenant: 'tenant_id', columns: ['id', 'tenant_id', 'name', 'kind', 'style', 'rotated_at'] },
  schedule: { tenant: 'tenant_id', columns: ['id', 'tenant_id', 'name', 'kind', 'subject', 'is_paused'] },
  rule: {
    tenant: 'tenant_id',
    columns: ['id', 'tenant_id', 'name', 'version', 'active_version', 'saved_by'],
  },
  policy: {
    tenant: 'tenant_id',
    columns: [
      'tenant_id',
      'on_exhausted',
      'unfinished_tasks_max',
      'rows_max',
      'bytes_max',
      'keep_days',
      'events_max',
      'event_bytes_max',
      'event_days',
    ],
  },
};
