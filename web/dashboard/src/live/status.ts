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
  readonly tables: readonly TableStatus[];
  readonly client_count: number;
  /** The newest last; of many only the newest. */
  readonly clients: readonly ClientStatus[];
}

export interface TableStatus {
  readonly name: string;
  readonly rows: number;
  /** Memory of rows and indexes. */
  readonly bytes: number;
}

export interface ClientStatus {
  readonly identity: string;
  readonly connection_id: string;
  readonly since_micros: number;
}

export function rowsIn({ tables }: DatabaseStatus): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}

export function bytesIn({ tables }: DatabaseStatus): number {
  return tables.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** `340 B`, `12 KB`, `3.4 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  const size = bytes / 1024 ** step;
  return `${size < 10 && step > 0 ? size.toFixed(1) : Math.round(size)} ${units[step]}`;
}
