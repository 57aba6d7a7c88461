import type { ProductType } from '../bsatn/type.ts';
import type { CatalogTable } from '../module/catalog.ts';
import type { ViewDef } from '../module/definition.ts';
import type { Caller } from './contract.ts';
import { expand, type Meaning, type ViewDefinition } from './expand.ts';
import type { PlannedQuery } from './group.ts';
import { isEvent, nameOf, type Relation, type Rights, rowOf } from './names.ts';
import { inTurn, orderByBytes, orderByColumn } from './order.ts';
import { constantsKey, type Plan, planOf, templateKey } from './plan.ts';
import { type RowsQuery, type Window, windowName } from './query.ts';
import type { Relations } from './relations.ts';
import type { Source } from './source.ts';
import { definitionOf, type ViewInstance, type Views } from './views.ts';
import type { RowWindow } from './window.ts';

export function rightsOf({ identity, isOwner }: Caller): Rights {
  return { sender: identity, seesPrivate: isOwner, seesViews: true };
}

/** What a query is planned for: to be kept current, to be run once, or to be run once inside an open transaction. */
export type Purpose = 'live' | 'once' | 'inside';

/** What names mean to one caller; notes the views that were opened. */
export class CallersMeaning<User> implements Meaning {
  readonly instances = new Map<ViewDef, ViewInstance<User>>();
  readonly #relations: Relations;
  readonly #views: Views<User>;
  readonly #caller: Caller;
  readonly #purpose: Purpose;

  constructor(relations: Relations, views: Views<User>, caller: Caller, purpose: Purpose) {
    this.#relations = relations;
    this.#views = views;
    this.#caller = caller;
    this.#purpose = purpose;
  }

  source(table: CatalogTable): Source {
    return this.#relations.source(table);
  }

  rules(table: CatalogTable): RowsQuery[] {
    return this.#relations.rules(table, this.#caller, this.#purpose === 'live');
  }

  view(view: ViewDef): ViewDefinition {
    const instance = this.instances.get(view) ?? this.#open(view);
    this.instances.set(view, instance);
    return definitionOf(instance);
  }

  #open(view: ViewDef): ViewInstance<User> {
    return this.#purpose === 'inside' ? this.#views.make(view, this.#caller) : this.#views.open(view, this.#caller);
  }
}

/** Plans one query for one caller, as the views in it are at present. @throws QueryRejection */
export function planRows(query: RowsQuery, meaning: Meaning): PlannedQuery {
  // Equal plans, such as those of two rules that say the same, are one: rules allow a row, they do not repeat it.
  const plans = new Map<string, Plan>();
  for (const branch of expand(query, meaning)) {
    const plan = planOf(branch, branch.origins[query.output] as number);
    if (plan !== undefined) plans.set(`${templateKey(plan)}#${constantsKey(plan)}`, plan);
  }
  const relation = query.relations[query.output] as Relation;
  const table = nameOf(relation);
  const row = rowOf(relation);
  return {
    key: [table, windowName(query.window), ...[...plans.keys()].sort()].join('\n'),
    table,
    row,
    isEvent: isEvent(relation),
    plans: [...plans.values()],
    window: planWindow(row, query.window),
  };
}

function planWindow(row: ProductType, window: Window | undefined): RowWindow | undefined {
  const orders = window?.orderBy.map(({ column, isDescending }) => orderByColumn(row, column.column, isDescending));
  return window && orders && { order: inTurn([...orders, orderByBytes]), limit: window.limit };
}
