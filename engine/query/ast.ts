/** Positions (`at`) count UTF-16 units from the start of the text and serve error messages. */
export type Statement = Select | SelectEverything | Insert | Update | Delete | SetVariable | ShowVariable;

export interface Select {
  readonly kind: 'select';
  readonly projection: Projection;
  /** In the order of the text; at least one. */
  readonly from: readonly From[];
  /** The ON condition of each relation after the first. */
  readonly on: readonly Expression[];
  readonly where: Expression | undefined;
  readonly orderBy: readonly Order[];
  readonly limit: number | undefined;
}

/** `SELECT * FROM *` */
interface SelectEverything {
  readonly kind: 'everything';
}

export interface Insert {
  readonly kind: 'insert';
  readonly table: Name;
  /** Empty: all columns in their order. */
  readonly columns: readonly Name[];
  readonly rows: readonly (readonly LiteralOperand[])[];
}

export interface Update {
  readonly kind: 'update';
  readonly table: Name;
  readonly assignments: readonly { readonly column: Name; readonly value: LiteralOperand }[];
  readonly where: Expression | undefined;
}

export interface Delete {
  readonly kind: 'delete';
  readonly table: Name;
  readonly where: Expression | undefined;
}

interface SetVariable {
  readonly kind: 'set';
  readonly name: Name;
  readonly value: LiteralOperand;
}

interface ShowVariable {
  readonly kind: 'show';
  readonly name: Name;
}

export type Projection =
  | { readonly kind: 'all' }
  /** `r.*` */
  | { readonly kind: 'relation'; readonly name: Name }
  | { readonly kind: 'columns'; readonly columns: readonly ProjectedColumn[] }
  /** `COUNT(*) AS alias` */
  | { readonly kind: 'count'; readonly alias: string };

export interface ProjectedColumn {
  readonly column: ColumnOperand;
  readonly alias: string | undefined;
}

/** A relation's or column's name; the parts of `ns.t` are joined with dots. */
export interface Name {
  readonly text: string;
  readonly at: number;
}

export interface From {
  readonly name: Name;
  /** What columns call it: the alias, else the name as written. */
  readonly alias: string;
}

export interface Order {
  readonly column: ColumnOperand;
  readonly isDescending: boolean;
}

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Expression =
  | {
      readonly kind: 'compare';
      readonly op: Comparison;
      readonly left: Operand;
      readonly right: Operand;
      readonly at: number;
    }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Expression[] }
  | { readonly kind: 'not'; readonly term: Expression }
  | { readonly kind: 'constant'; readonly value: boolean };

export type Operand = ColumnOperand | LiteralOperand;

export interface ColumnOperand {
  readonly kind: 'column';
  /** undefined: the only relation of the query. */
  readonly relation: string | undefined;
  readonly column: string;
  readonly at: number;
}

export interface LiteralOperand {
  readonly kind: 'literal';
  readonly literal: Literal;
  readonly at: number;
}

export type Literal =
  /** The sign, digits, fraction and exponent as written. */
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'text'; readonly value: string }
  /** An even number of hexadecimal digits without prefix, or an odd one. */
  | { readonly kind: 'hex'; readonly digits: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  /** `:sender`, the caller's Identity. */
  | { readonly kind: 'sender' };
