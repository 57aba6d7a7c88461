import { type Layout, layoutOf } from '../bsatn/layout.ts';
import { Reader } from '../bsatn/reader.ts';
import type { Commit } from '../log/commit.ts';
import type { Catalog, CatalogTable } from '../module/catalog.ts';
import { encodeLiteral } from '../query/literal.ts';
import { QueryRejection } from '../query/rejection.ts';
import type { HistoryFilter, HistorySubject, JsonText } from '../serve/contract.ts';
import type { TableChange } from '../store/contract.ts';
import type { HistoryRule } from './contract.ts';
import { plainText, timeText } from './plain.ts';

/** Changes of one commit that are told; an update of many rows is counted beyond that. */
const changesMax = 100;

/** What a caller may see of the commits of one time, while the module's tables were what a catalog says. */
export class Visible {
  readonly #filter: HistoryFilter;
  readonly #tables = new Map<number, VisibleTable>();

  constructor(catalog: Catalog, rules: readonly HistoryRule[] | undefined, filter: HistoryFilter) {
    this.#filter = filter;
    const inScope = rules?.filter(({ value }) => filter.scope === undefined || value === filter.scope);
    for (const table of catalog.tables) {
      const own = inScope?.filter((rule) => rule.table === table.declared.name);
      if (own?.length === 0) continue;
      const about = filter.about?.filter((subject) => subject.table === table.declared.name);
      this.#tables.set(table.stored.id, new VisibleTable(table, own, about));
    }
  }

  /** A commit as the caller sees it; undefined when it sees nothing of it, or has not asked for it. */
  show(commit: Commit): JsonText | undefined {
    const { caller, action, sinceMicros, untilMicros, about } = this.#filter;
    const { offset, timestampMicros, origin } = commit;
    if (caller !== undefined && commit.caller !== caller) return undefined;
    if (action !== undefined && origin !== action) return undefined;
    if (sinceMicros !== undefined && timestampMicros < sinceMicros) return undefined;
    if (untilMicros !== undefined && timestampMicros > untilMicros) return undefined;
    const mayBeAbout = (change: TableChange) => this.#tables.get(change.table)?.mayBeAbout(change) === true;
    if (about !== undefined && !commit.changes.some(mayBeAbout)) return undefined;
    const changes = commit.changes.flatMap((change) => this.#tables.get(change.table)?.show(change) ?? []);
    if (about !== undefined && !changes.some(({ isAbout }) => isAbout)) return undefined;
    if (changes.length === 0) return undefined;
    const told = changes
      .slice(0, changesMax)
      .map(({ text }) => text)
      .join(',');
    const more = changes.length > changesMax ? `,"more":${changes.length - changesMax}` : '';
    const head = `"offset":${offset},"time":"${timeText(timestampMicros)}","action":${JSON.stringify(origin)}`;
    return `{${head},"caller":"${commit.caller.toString(16).padStart(64, '0')}","changes":[${told}]${more}}`;
  }
}

interface Rule {
  readonly column: number;
  readonly value: Uint8Array;
  /** In the order of the table. */
  readonly columns: readonly number[];
}

interface ShownRow {
  readonly key: string;
  readonly text: JsonText;
  /** Has what was asked for. */
  readonly isAbout: boolean;
}

type ShownChange = Pick<ShownRow, 'text' | 'isAbout'>;

class VisibleTable {
  readonly #table: CatalogTable;
  readonly #layout: Layout;
  /** Undefined: every row with all of its columns. */
  readonly #rules: readonly Rule[] | undefined;
  readonly #about: readonly { readonly column: number; readonly value: Uint8Array }[];

  constructor(
    table: CatalogTable,
    rules: readonly HistoryRule[] | undefined,
    about: readonly HistorySubject[] | undefined,
  ) {
    this.#table = table;
    this.#layout = layoutOf(table.declared.row);
    this.#rules = rules?.flatMap((rule) => {
      const own = this.#valueIn(rule);
      const columns = table.declared.row.fields.flatMap(({ name }, i) => (rule.columns.includes(name) ? [i] : []));
      return own ? [{ ...own, columns }] : [];
    });
    this.#about = about?.flatMap((subject) => this.#valueIn(subject) ?? []) ?? [];
  }

  /** Whether a changed row has what was asked for; far quicker than to show the change. */
  mayBeAbout({ inserts, deletes }: TableChange): boolean {
    const has = (row: Uint8Array) => this.#about.some((subject) => this.#holds(row, subject));
    return this.#about.length > 0 && (inserts.some(has) || deletes.some(has));
  }

  /** What is seen of a table's changes. */
  show({ inserts, deletes }: TableChange): readonly ShownChange[] {
    const see = (row: Uint8Array): ShownRow[] => {
      const columns = this.#visibleColumns(row);
      if (!columns) return [];
      const isAbout = this.#about.some((subject) => columns.includes(subject.column) && this.#holds(row, subject));
      return [{ key: this.#keyOf(row), text: this.#textOf(row, columns), isAbout }];
    };
    const before = new Map(deletes.flatMap(see).map((row) => [row.key, row]));
    const name = JSON.stringify(this.#table.declared.name);
    const changes: ShownChange[] = [];
    for (const { key, text, isAbout } of inserts.flatMap(see)) {
      const earlier = before.get(key);
      before.delete(key);
      // What has changed of the row is none of the caller's business.
      if (earlier?.text === text) continue;
      const change = `{"table":${name},"before":${earlier?.text ?? 'null'},"after":${text}}`;
      changes.push({ text: change, isAbout: isAbout || earlier?.isAbout === true });
    }
    for (const { text, isAbout } of before.values()) {
      changes.push({ text: `{"table":${name},"before":${text},"after":null}`, isAbout });
    }
    return changes;
  }

  #visibleColumns(row: Uint8Array): readonly number[] | undefined {
    if (!this.#rules) return this.#table.declared.row.fields.map((_, column) => column);
    return this.#rules.find((rule) => this.#holds(row, rule))?.columns;
  }

  #holds(row: Uint8Array, { column, value }: { readonly column: number; readonly value: Uint8Array }): boolean {
    return Buffer.compare(this.#column(row, column), value) === 0;
  }

  /** Rows with the same key before and after are one row that has changed. */
  #keyOf(row: Uint8Array): string {
    const { primaryKey } = this.#table.declared;
    return Buffer.from(primaryKey === undefined ? row : this.#column(row, primaryKey)).toString('latin1');
  }

  #textOf(row: Uint8Array, columns: readonly number[]): JsonText {
    const { fields } = this.#table.declared.row;
    const shown = columns.map((column) => {
      const field = fields[column];
      return field
        ? `${JSON.stringify(field.name)}:${plainText(field.type, new Reader(this.#column(row, column)))}`
        : '';
    });
    return `{${shown.join(',')}}`;
  }

  #column(row: Uint8Array, column: number): Uint8Array {
    const start = this.#layout.columnStart(row, 0, column);
    return row.subarray(start, this.#layout.columnEnd(row, start, column));
  }

  /** Undefined where the table had no such column then, or one that cannot have the value. */
  #valueIn(subject: {
    readonly column: string;
    readonly value: string;
  }): { readonly column: number; readonly value: Uint8Array } | undefined {
    const { fields } = this.#table.declared.row;
    const column = fields.findIndex(({ name }) => name === subject.column);
    const field = fields[column];
    if (!field) return undefined;
    try {
      const value = encodeLiteral(
        { kind: 'literal', literal: { kind: 'text', value: subject.value }, at: 0 },
        field.type,
        undefined,
      );
      return { column, value };
    } catch (error) {
      if (error instanceof QueryRejection) return undefined;
      throw error;
    }
  }
}
