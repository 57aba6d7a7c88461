import type { Type } from '../bsatn/type.ts';
import type { ColumnOperand, Expression, Literal, LiteralOperand, Operand, Select } from './ast.ts';
import { encodeLiteral } from './literal.ts';
import { columnOf, type Names, nameOf, type Relation, type Rights, rowOf } from './names.ts';
import { always, and, type ColumnRef, mirrored, never, not, or, type Predicate } from './predicate.ts';
import { QueryRejection } from './rejection.ts';
import { comparableKind, isSameLayout, typeName } from './value.ts';

/** The relations of one SELECT, UPDATE or DELETE and what its names mean. */
export class Scope {
  readonly relations: readonly Relation[];
  readonly #aliases: readonly string[];
  readonly #rights: Rights;

  /** @throws QueryRejection `no-such-table`, `unsupported` for two relations of one name */
  constructor(names: Names, from: Select['from'], rights: Rights) {
    this.relations = from.map(({ name }) => names.find(name.text, rights));
    this.#aliases = from.map(({ alias }) => alias);
    this.#rights = rights;
    for (const [i, alias] of this.#aliases.entries()) {
      if (this.#aliases.indexOf(alias) === i) continue;
      throw new QueryRejection('unsupported', `two relations are named \`${alias}\`: give one another name with AS`);
    }
  }

  /** @throws QueryRejection `no-such-table` */
  relation(alias: string): number {
    const position = this.#aliases.indexOf(alias);
    if (position >= 0) return position;
    throw new QueryRejection(
      'no-such-table',
      `\`${alias}\` is not one of the query's relations: ${this.#aliases.map((known) => `\`${known}\``).join(', ')}`,
    );
  }

  /** @throws QueryRejection `no-such-column`, `no-such-table` */
  column({ relation, column }: ColumnOperand): ColumnRef {
    if (relation === undefined && this.relations.length > 1) {
      const named = this.#aliases.map((alias) => `\`${alias}\`.\`${column}\``).join(' or ');
      throw new QueryRejection(
        'no-such-column',
        `a query that joins names the relation of each column: \`${column}\` stands alone, write ${named}`,
      );
    }
    const position = relation === undefined ? 0 : this.relation(relation);
    const at = columnOf(this.relations[position] as Relation, column);
    if (at < 0) throw new QueryRejection('no-such-column', this.#noSuchColumn(position, column));
    return { relation: position, column: at };
  }

  typeOf({ relation, column }: ColumnRef): Type {
    const field = rowOf(this.relations[relation] as Relation).fields[column];
    return (field as { type: Type }).type;
  }

  /** @throws QueryRejection `no-such-column`, `no-such-table`, `type` */
  predicate(expression: Expression | undefined): Predicate {
    if (expression === undefined) return always;
    switch (expression.kind) {
      case 'constant':
        return expression.value ? always : never;
      case 'and':
        return and(expression.terms.map((term) => this.predicate(term)));
      case 'or':
        return or(expression.terms.map((term) => this.predicate(term)));
      case 'not':
        return not(this.predicate(expression.term));
      case 'compare':
        return this.#compare(expression);
    }
  }

  /** @throws QueryRejection `type` when values of the column have no order */
  requireOrder(column: ColumnRef): void {
    this.#comparable(column);
  }

  /** @throws QueryRejection `type` */
  value(literal: LiteralOperand, type: Type): Uint8Array {
    return encodeLiteral(literal, type, this.#rights.sender);
  }

  #compare({ op, left, right }: Expression & { kind: 'compare' }): Predicate {
    if (left.kind === 'column') {
      const column = this.column(left);
      return right.kind === 'column' ? this.#columns(column, op, right) : this.#literal(column, op, right);
    }
    if (right.kind === 'column') return this.#literal(this.column(right), mirrored[op], left);
    return compareLiterals(left, op, right);
  }

  #literal(column: ColumnRef, op: keyof typeof mirrored, literal: LiteralOperand): Predicate {
    const type = this.#comparable(column);
    return { kind: 'literal', column, op, value: this.value(literal, type), type };
  }

  #columns(left: ColumnRef, op: keyof typeof mirrored, operand: Operand & { kind: 'column' }): Predicate {
    const right = this.column(operand);
    const type = this.#comparable(left);
    if (!isSameLayout(type, this.#comparable(right)) || typeName(type) !== typeName(this.typeOf(right))) {
      throw new QueryRejection(
        'type',
        `${this.#describe(left)} and ${this.#describe(right)} cannot be compared: their types differ`,
      );
    }
    return { kind: 'columns', left, op, right, type };
  }

  #comparable(column: ColumnRef): Type {
    const type = this.typeOf(column);
    if (comparableKind(type) !== undefined) return type;
    throw new QueryRejection(
      'type',
      `${this.#describe(column)} cannot be compared in a query; booleans, numbers, strings, bytes, identities, connection ids, timestamps and uuids can`,
    );
  }

  #describe(ref: ColumnRef): string {
    const relation = this.relations[ref.relation] as Relation;
    return `column \`${rowOf(relation).fields[ref.column]?.name}\` of type ${typeName(this.typeOf(ref))}`;
  }

  #noSuchColumn(position: number, column: string): string {
    const relation = this.relations[position] as Relation;
    const columns = rowOf(relation).fields.map((field) => `\`${field.name}\``);
    return `no such column: \`${column}\`; \`${nameOf(relation)}\` has ${columns.join(', ')}`;
  }
}

/** Literals among themselves compare as what they look like: `TRUE = TRUE` is what the SDK makes of a constant. */
function compareLiterals(left: LiteralOperand, op: keyof typeof mirrored, right: LiteralOperand): Predicate {
  const a = plainValue(left.literal);
  const b = plainValue(right.literal);
  if (a === undefined || b === undefined || typeof a !== typeof b) {
    throw new QueryRejection('type', `the values at characters ${left.at + 1} and ${right.at + 1} cannot be compared`);
  }
  const order = a < b ? -1 : a > b ? 1 : 0;
  const holds = {
    '=': order === 0,
    '<>': order !== 0,
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
  };
  return holds[op] ? always : never;
}

function plainValue(literal: Literal): boolean | number | string | undefined {
  switch (literal.kind) {
    case 'bool':
    case 'text':
      return literal.value;
    case 'number':
      return Number(literal.text);
    default:
      return undefined;
  }
}
