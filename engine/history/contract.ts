import type { HistoryFilter, HistoryPage } from '../serve/contract.ts';

/** A row that a caller may see in the history: one of `table` that has `value` in `column`, and of it `columns` only. */
export interface HistoryRule {
  readonly table: string;
  readonly column: string;
  /** As SQL would write it between quotes. */
  readonly value: string;
  readonly columns: readonly string[];
}

export interface HistoryJob {
  /** Where the log is. */
  readonly directory: string;
  /** The newest commit to show: a durable one. */
  readonly lastOffset: number;
  /** The rows of the system's tables that say what the tables were at that commit. */
  readonly definitions: readonly DefinitionRow[];
  /** Undefined shows everything. */
  readonly rules: readonly HistoryRule[] | undefined;
  readonly filter: HistoryFilter;
}

export interface DefinitionRow {
  readonly table: number;
  readonly row: Uint8Array;
}

/** Reads histories beside everything else. */
export interface HistorySource {
  /** @throws Rejection `busy`; LogRejection what is damaged */
  page(job: HistoryJob): Promise<HistoryPage>;
  close(): Promise<void>;
}
