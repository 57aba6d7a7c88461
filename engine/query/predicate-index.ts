import type { Type } from '../bsatn/type.ts';
import { Intervals } from './intervals.ts';
import { type Need, needsIn } from './needs.ts';
import type { Change, Source } from './source.ts';
import type { Template } from './template.ts';
import { columnsKey, comparatorOf } from './value.ts';

/** A template as one that reads one of its sources. */
interface Watch {
  readonly template: Template;
  readonly source: Source;
  /** A row concerns it only when it meets one of them; undefined: any row may. */
  readonly needs: readonly Need[] | undefined;
}

/** Which templates a change can concern: cost grows with those that match, not with those that exist. */
export class PredicateIndex {
  readonly #bySource = new Map<string, Watchers>();
  readonly #watches = new Map<Template, readonly Watch[]>();

  add(template: Template): void {
    const watches = template.plan.sources.map((source, relation): Watch => {
      return { template, source, needs: needsOf(template, relation) };
    });
    this.#watches.set(template, watches);
    for (const watch of watches) {
      let watchers = this.#bySource.get(watch.source.id);
      if (watchers === undefined) {
        watchers = new Watchers(watch.source);
        this.#bySource.set(watch.source.id, watchers);
      }
      watchers.add(watch);
    }
  }

  remove(template: Template): void {
    for (const watch of this.#watches.get(template) ?? []) {
      const watchers = this.#bySource.get(watch.source.id);
      watchers?.remove(watch);
      if (watchers?.isEmpty) this.#bySource.delete(watch.source.id);
    }
    this.#watches.delete(template);
  }

  /** The templates that the changes of these sources may concern. */
  matching(sources: Iterable<Source>): Set<Template> {
    const found = new Set<Template>();
    for (const { id, change } of sources) {
      if (change !== undefined) this.#bySource.get(id)?.collect(change, found);
    }
    return found;
  }
}

/** Params and ranges are no needs: they lead from the template to its groups. */
function needsOf({ plan }: Template, relation: number): readonly Need[] | undefined {
  return needsIn(plan.local[relation] ?? []);
}

/** The templates that read one source. */
class Watchers {
  readonly #source: Source;
  readonly #always = new Set<Watch>();
  readonly #byColumn = new Map<number, ColumnWatchers>();

  constructor(source: Source) {
    this.#source = source;
  }

  get isEmpty(): boolean {
    return this.#always.size === 0 && this.#byColumn.size === 0;
  }

  add(watch: Watch): void {
    if (watch.needs === undefined) this.#always.add(watch);
    for (const need of watch.needs ?? []) {
      let column = this.#byColumn.get(need.column);
      if (column === undefined) {
        column = new ColumnWatchers(this.#source, need.column);
        this.#byColumn.set(need.column, column);
      }
      column.add(need, watch);
    }
  }

  remove(watch: Watch): void {
    this.#always.delete(watch);
    for (const need of watch.needs ?? []) {
      const column = this.#byColumn.get(need.column);
      column?.remove(need, watch);
      if (column?.isEmpty) this.#byColumn.delete(need.column);
    }
  }

  collect({ inserts, deletes }: Change, found: Set<Template>): void {
    for (const { template } of this.#always) found.add(template);
    for (const column of this.#byColumn.values()) {
      for (const row of inserts) column.collect(row, found);
      for (const row of deletes) column.collect(row, found);
    }
  }
}

/** The templates with needs about one column. */
class ColumnWatchers {
  readonly #keyOfRow: (row: Uint8Array) => string;
  readonly #startIn: (row: Uint8Array) => number;
  readonly #byValue = new Map<string, Set<Watch>>();
  readonly #byInterval: Intervals<Uint8Array, Watch>;

  constructor({ layout }: Source, column: number) {
    this.#keyOfRow = columnsKey(layout, [column]);
    this.#startIn = (row) => layout.columnStart(row, 0, column);
    this.#byInterval = new Intervals(comparatorOf((layout.type.fields[column] as { readonly type: Type }).type));
  }

  get isEmpty(): boolean {
    return this.#byValue.size === 0 && this.#byInterval.isEmpty;
  }

  add(need: Need, watch: Watch): void {
    if (need.kind === 'interval') {
      this.#byInterval.add(need.interval, watch);
      return;
    }
    const watches = this.#byValue.get(need.key);
    if (watches) watches.add(watch);
    else this.#byValue.set(need.key, new Set([watch]));
  }

  remove(need: Need, watch: Watch): void {
    if (need.kind === 'interval') {
      this.#byInterval.remove(need.interval, watch);
      return;
    }
    const watches = this.#byValue.get(need.key);
    watches?.delete(watch);
    if (watches?.size === 0) this.#byValue.delete(need.key);
  }

  collect(row: Uint8Array, found: Set<Template>): void {
    if (this.#byValue.size > 0) {
      for (const { template } of this.#byValue.get(this.#keyOfRow(row)) ?? []) found.add(template);
    }
    if (this.#byInterval.isEmpty) return;
    this.#byInterval.at(row.subarray(this.#startIn(row)), ({ template }) => found.add(template).size > 0);
  }
}
