/** What a memory needs of PostgreSQL, embedded or a server. Numbers of queries are cast so that both give them alike. */
export interface Database extends Queries {
  /** Names it in messages, without a password. */
  readonly place: string;
  /** One transaction: all of `work` or, when it throws, nothing. */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface Queries {
  /** One statement with its values. */
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Statements without values. */
  run(sql: string): Promise<void>;
}

/**
 * Settings of every session: filters come after the index, which goes on until enough rows are left, in an order that is
 * nearly right: the right one would leave out what comes late. Compiling a query takes longer than a short one itself.
 */
export const sessionSettings = 'SET hnsw.iterative_scan = relaxed_order; SET hnsw.ef_search = 200; SET jit = off';

/** Values as PostgreSQL takes them: it keeps no zero byte in a text. */
export function storable(values: readonly unknown[]): unknown[] {
  return values.map((value) => {
    if (typeof value === 'string') return value.replaceAll('\0', '');
    return Array.isArray(value) ? storable(value) : value;
  });
}
