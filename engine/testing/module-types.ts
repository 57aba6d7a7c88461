import type { ConnectionId, Identity, TimeDuration, Timestamp, Uuid } from 'spacetimedb';
import type { InferTypeOfRow, RowObj } from 'spacetimedb/server';

// What a module's exports (`typeof import('./module.ts')`) say about calls and rows. Without them, `M` is unknown, names
// are strings and values are checked when the test runs.

export type UntypedRow = Readonly<Record<string, unknown>>;

/** The names under which a module exports its reducers. */
export type ReducerName<M> = unknown extends M ? string : NameOf<M, 'reducer'>;

/** The names under which a module exports its procedures. */
export type ProcedureName<M> = unknown extends M ? string : NameOf<M, 'procedure'>;

/** What a procedure returns, as a client sees it. */
export type ProcedureResult<M, K> = unknown extends M
  ? unknown
  : K extends keyof M
    ? M[K] extends Callable
      ? ClientValue<ReturnType<M[K]>>
      : never
    : never;

/** A function's arguments by name; nothing for one that takes none. */
export type CallArgs<M, K> = unknown extends M
  ? [args?: UntypedRow]
  : K extends keyof M
    ? M[K] extends Callable
      ? ArgsList<ClientValue<Parameters<M[K]>[1]>>
      : never
    : never;

/** The accessors of a module's tables. */
export type TableName<M> = unknown extends M ? string : keyof TablesOf<M> & string;

export type TableRow<M, K> = unknown extends M
  ? UntypedRow
  : K extends keyof TablesOf<M>
    ? ClientValue<RowOf<TablesOf<M>[K]>>
    : never;

/** What a client can ask for: tables and views. */
export type RelationName<M> = unknown extends M ? string : TableName<M> | ViewName<M>;

export type RelationRow<M, K> = unknown extends M
  ? UntypedRow
  : K extends ViewName<M>
    ? ClientValue<ViewRow<M, K>>
    : TableRow<M, K>;

type Callable = (context: never, args: never) => unknown;
type ArgsList<A> = object extends A ? [args?: A] : [args: A];

type TablesOf<M> = M extends { readonly default: { readonly schemaType: { readonly tables: infer T } } } ? T : never;
type RowOf<Table> = Table extends { readonly columns: infer Row extends RowObj } ? InferTypeOfRow<Row> : never;

type ViewName<M> = NameOf<M, 'view'>;
type NameOf<M, Kind> = {
  [K in keyof M & string]: M[K] extends Callable ? (KindOf<M[K]> extends Kind ? K : never) : never;
}[keyof M & string];
/** Told by what the function is given and gives back. */
type KindOf<F extends Callable> =
  Parameters<F>[0] extends Record<'withTx', unknown>
    ? Parameters<F>[0] extends Record<'sender', unknown>
      ? 'procedure'
      : 'handler'
    : [RowOfResult<ReturnType<F>>] extends [never]
      ? 'reducer'
      : 'view';
type ViewRow<M, K> = K extends keyof M ? (M[K] extends Callable ? RowOfResult<ReturnType<M[K]>> : never) : never;
/** A view answers with rows, with a query, or with a row or none. */
type RowOfResult<R> = R extends readonly (infer Row)[]
  ? Row
  : R extends object
    ? '__row' extends keyof R
      ? Exclude<R['__row'], undefined>
      : R
    : never;

type Plain =
  | string
  | number
  | bigint
  | boolean
  | undefined
  | null
  | Uint8Array
  | Identity
  | ConnectionId
  | Timestamp
  | TimeDuration
  | Uuid;

/** A module's value as a client sees it: keys in camelCase, tags in PascalCase. */
type ClientValue<T> = T extends Plain
  ? T
  : T extends readonly (infer Element)[]
    ? ClientValue<Element>[]
    : { [K in keyof T as CamelCase<K>]: K extends 'tag' ? PascalCase<T[K]> : ClientValue<T[K]> };

type CamelCase<K> = K extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail> & string>}` : K;
type PascalCase<Tag> = Tag extends string ? Capitalize<CamelCase<Tag> & string> : Tag;
