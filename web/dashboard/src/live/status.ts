/** A line of `/v1/status`. */
export interface StatusLine {
  readonly databases: readonly DatabaseStatus[];
}

export interface DatabaseStatus {
  /** 64 hex digits. */
  readonly identity: string;
  readonly names: readonly string[];
  readonly is_locked: boolean;
  /** Names the module's bundle. */
  readonly program: string;
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly client_count: number;
  /** The newest last; of many only the newest. */
  readonly clients: readonly ClientStatus[];
}

export interface ClientStatus {
  readonly identity: string;
  readonly connection_id: string;
  readonly since_micros: number;
}

export function rowsIn({ tables }: DatabaseStatus): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}
