import type { CommitRows } from './delta.ts';
import type { Effort } from './effort.ts';
import { Group, type PlannedQuery } from './group.ts';
import { templateKey } from './plan.ts';
import { PredicateIndex } from './predicate-index.ts';
import type { Source } from './source.ts';
import { Template } from './template.ts';

/** All query groups and the index that leads from a change to those it concerns. */
export class Groups<Member> {
  readonly #groups = new Map<string, Group<Member>>();
  readonly #templates = new Map<string, Template>();
  readonly #index = new PredicateIndex();

  /** Counts of what is kept, for tests and metrics. */
  get size(): { readonly groups: number; readonly templates: number } {
    return { groups: this.#groups.size, templates: this.#templates.size };
  }

  /**
   * The query's group; whoever opens it joins its members at once.
   * @param effort what a new one may cost @throws QueryRejection `too-large`
   */
  open(query: PlannedQuery, effort?: Effort): Group<Member> {
    let group = this.#groups.get(query.key);
    if (group !== undefined) return group;
    group = new Group(query, effort);
    this.#groups.set(query.key, group);
    for (const plan of query.plans) {
      const template = this.#template(templateKey(plan), plan);
      group.places.push({ template, slot: template.add(plan, group) });
    }
    return group;
  }

  leave(group: Group<Member>, member: Member): void {
    group.members.delete(member);
    if (group.members.size > 0) return;
    this.#groups.delete(group.query.key);
    for (const { template, slot } of group.places) {
      template.remove(slot, group);
      if (!template.isEmpty) continue;
      this.#templates.delete(template.key);
      this.#index.remove(template);
    }
  }

  /** The groups that the changes of these sources concern; each has noted its own changes. */
  run(changed: Iterable<Source>, commit: CommitRows): Group<Member>[] {
    const touched: Group<Member>[] = [];
    for (const template of this.#index.matching(changed)) {
      template.run((group, row, weight) => {
        if (group.add(row, weight, commit)) touched.push(group as Group<Member>);
      });
    }
    return touched;
  }

  #template(key: string, plan: PlannedQuery['plans'][number]): Template {
    let template = this.#templates.get(key);
    if (template === undefined) {
      template = new Template(key, plan);
      this.#templates.set(key, template);
      this.#index.add(template);
    }
    return template;
  }
}
