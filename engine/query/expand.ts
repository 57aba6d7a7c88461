import type { CatalogTable } from '../module/catalog.ts';
import type { ViewDef } from '../module/definition.ts';
import { nameOf, type Relation } from './names.ts';
import { always, and, moved, or, type Predicate } from './predicate.ts';
import type { RowsQuery } from './query.ts';
import { QueryRejection } from './rejection.ts';
import type { Source } from './source.ts';

/** Views and rules of row-level security multiply branches and relations; both are bounded. */
const branchesMax = 64;
const sourcesMax = 16;

/** A join of sources. A query's rows are those of all its branches together. */
export interface Branch {
  readonly sources: readonly Source[];
  readonly where: Predicate;
  /** For each relation of the query the source that its rows come from. */
  readonly origins: readonly number[];
}

/** What a view is at present: rows that its function returned, or a query that takes its place. */
export type ViewDefinition =
  | { readonly kind: 'rows'; readonly source: Source }
  | { readonly kind: 'query'; readonly query: RowsQuery };

/** What stands behind the names in a query. */
export interface Meaning {
  source(table: CatalogTable): Source;
  view(view: ViewDef): ViewDefinition;
  /** Queries of the table's rows that the reader may see; empty: all of them. */
  rules(table: CatalogTable): readonly RowsQuery[];
}

/**
 * Replaces views and protected tables by the joins that they stand for, so that a subscription to a view is maintained
 * by the same operators as one to its tables.
 * @throws QueryRejection `too-large`, `unsupported` for rules that need one another
 */
export function expand(query: Pick<RowsQuery, 'relations' | 'where'>, meaning: Meaning): Branch[] {
  return new Expansion(meaning).branches(query, undefined);
}

/** One way to obtain a relation's rows. */
interface Fragment {
  readonly sources: readonly Source[];
  readonly where: Predicate;
  readonly output: number;
}

class Expansion {
  readonly #meaning: Meaning;
  /** Tables whose rules are being expanded. */
  readonly #open: CatalogTable[] = [];

  constructor(meaning: Meaning) {
    this.#meaning = meaning;
  }

  /** @param exempt the table whose rules are being expanded, or all when the query is a view's */
  branches(query: Pick<RowsQuery, 'relations' | 'where'>, exempt: CatalogTable | 'all' | undefined): Branch[] {
    let partial: Branch[] = [{ sources: [], where: always, origins: [] }];
    for (const relation of query.relations) {
      const isExempt = exempt === 'all' || (relation.kind === 'table' && relation.table === exempt);
      const fragments = this.#fragments(relation, isExempt);
      partial = partial.flatMap((branch) => fragments.map((fragment) => joined(branch, fragment)));
      if (partial.length > branchesMax) {
        throw new QueryRejection('too-large', `the query's views and rules make more than ${branchesMax} joins`);
      }
    }
    return partial.map((branch) => {
      if (branch.sources.length > sourcesMax) {
        throw new QueryRejection(
          'too-large',
          `the query joins more than ${sourcesMax} tables, with its views and rules`,
        );
      }
      const where = moved(query.where, (relation) => branch.origins[relation] as number);
      return { ...branch, where: and([branch.where, where]) };
    });
  }

  #fragments(relation: Relation, isExempt: boolean): Fragment[] {
    if (relation.kind === 'view') {
      const definition = this.#meaning.view(relation.view);
      return definition.kind === 'rows' ? [plain(definition.source)] : this.#nested(definition.query, 'all');
    }
    const { table } = relation;
    const source = this.#meaning.source(table);
    const rules = isExempt ? [] : this.#meaning.rules(table);
    if (rules.length === 0) return [plain(source)];
    if (this.#open.includes(table)) {
      throw new QueryRejection(
        'unsupported',
        `the rules of row-level security of \`${nameOf(relation)}\` need themselves`,
      );
    }
    this.#open.push(table);
    const fragments = rules.flatMap((rule) => this.#nested(rule, table));
    this.#open.pop();
    return merged(source, fragments);
  }

  #nested(query: RowsQuery, exempt: CatalogTable | 'all'): Fragment[] {
    return this.branches(query, exempt).map(({ sources, where, origins }) => ({
      sources,
      where,
      output: origins[query.output] as number,
    }));
  }
}

function plain(source: Source): Fragment {
  return { sources: [source], where: always, output: 0 };
}

/** Rules about the table alone become one condition, so that a row that two of them allow is still one row. */
function merged(source: Source, fragments: readonly Fragment[]): Fragment[] {
  const simple = fragments.filter(({ sources }) => sources.length === 1);
  const others = fragments.filter(({ sources }) => sources.length > 1);
  if (simple.length === 0) return others;
  return [{ sources: [source], where: or(simple.map(({ where }) => where)), output: 0 }, ...others];
}

function joined(branch: Branch, fragment: Fragment): Branch {
  const offset = branch.sources.length;
  return {
    sources: [...branch.sources, ...fragment.sources],
    where: and([branch.where, moved(fragment.where, (position) => position + offset)]),
    origins: [...branch.origins, fragment.output + offset],
  };
}
