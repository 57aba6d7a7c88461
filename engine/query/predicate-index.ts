import { alternativesIn } from './alternatives.ts';
import type { LiteralComparison } from './predicate.ts';
import type { Change, Source } from './source.ts';
import type { Template } from './template.ts';
import { columnsKey, keyOf } from './value.ts';

/** Which templates a change can concern: cost grows with those that match, not with those that exist. */
export class PredicateIndex {
  readonly #bySource = new Map<string, Watchers>();

  add(template: Template): void {
    for (const [relation, source] of template.plan.sources.entries()) {
      let watchers = this.#bySource.get(source.id);
      if (watchers === undefined) {
        watchers = new Watchers(source);
        this.#bySource.set(source.id, watchers);
      }
      watchers.add(template, relation);
    }
  }

  remove(template: Template): void {
    for (const [relation, source] of template.plan.sources.entries()) {
      const watchers = this.#bySource.get(source.id);
      watchers?.remove(template, relation);
      if (watchers?.isEmpty) this.#bySource.delete(source.id);
    }
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

/** The templates that read one source. */
class Watchers {
  readonly #source: Source;
  /** Those that any row may concern, each as often as it reads the source. */
  readonly #always = new Map<Template, number>();
  /** By column and value: those that need one of several values. */
  readonly #byValue = new Map<number, Map<string, Map<Template, number>>>();

  constructor(source: Source) {
    this.#source = source;
  }

  get isEmpty(): boolean {
    return this.#always.size === 0 && this.#byValue.size === 0;
  }

  add(template: Template, relation: number): void {
    const needed = neededValues(template, relation);
    if (needed === undefined) count(this.#always, template, 1);
    for (const { column, value } of needed ?? []) {
      let values = this.#byValue.get(column.column);
      if (values === undefined) {
        values = new Map();
        this.#byValue.set(column.column, values);
      }
      const key = keyOf(value);
      const templates = values.get(key) ?? new Map<Template, number>();
      count(templates, template, 1);
      values.set(key, templates);
    }
  }

  remove(template: Template, relation: number): void {
    const needed = neededValues(template, relation);
    if (needed === undefined) count(this.#always, template, -1);
    for (const { column, value } of needed ?? []) {
      const values = this.#byValue.get(column.column);
      const templates = values?.get(keyOf(value));
      if (values === undefined || templates === undefined) continue;
      count(templates, template, -1);
      if (templates.size === 0) values.delete(keyOf(value));
      if (values.size === 0) this.#byValue.delete(column.column);
    }
  }

  collect(change: Change, found: Set<Template>): void {
    for (const template of this.#always.keys()) found.add(template);
    for (const [column, values] of this.#byValue) {
      const key = columnsKey(this.#source.layout, [column]);
      for (const rows of [change.inserts, change.deletes]) {
        for (const row of rows) for (const template of values.get(key(row))?.keys() ?? []) found.add(template);
      }
    }
  }
}

function count(templates: Map<Template, number>, template: Template, times: number): void {
  const sum = (templates.get(template) ?? 0) + times;
  if (sum > 0) templates.set(template, sum);
  else templates.delete(template);
}

/** Values of which each matching row has one; undefined for none. Params need none: they lead to the groups themselves. */
function neededValues({ plan }: Template, relation: number): readonly LiteralComparison[] | undefined {
  if (plan.params.some(({ column }) => column.relation === relation)) return undefined;
  return alternativesIn(plan.local[relation] ?? []);
}
