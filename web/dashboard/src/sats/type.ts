/** Types of SpacetimeDB's algebraic type system, references resolved. A type may contain itself. */
export type Type = ProductType | SumType | ArrayType | ScalarType;

export interface ProductType {
  readonly kind: 'product';
  readonly fields: readonly Field[];
}

export interface SumType {
  readonly kind: 'sum';
  readonly variants: readonly Field[];
}

export interface ArrayType {
  readonly kind: 'array';
  readonly of: Type;
}

export interface ScalarType {
  readonly kind: ScalarKind;
}

export interface Field {
  readonly name: string;
  readonly type: Type;
}

export type IntegerKind =
  | ('u8' | 'u16' | 'u32' | 'u64' | 'u128' | 'u256')
  | ('i8' | 'i16' | 'i32' | 'i64' | 'i128' | 'i256');
export type ScalarKind = 'bool' | 'string' | 'f32' | 'f64' | IntegerKind;

/**
 * A value: integers of 64 bits and more are bigints; a product is its fields in order; bytes are an Uint8Array; a sum
 * has the number of its variant.
 */
export type Value = boolean | string | number | bigint | Uint8Array | readonly Value[] | Variant;

export interface Variant {
  readonly tag: number;
  readonly value: Value;
}

const scalarKinds: ReadonlyMap<string, ScalarKind> = new Map(
  [
    ...(['bool', 'string', 'f32', 'f64'] as const),
    ...(['u8', 'u16', 'u32', 'u64', 'u128', 'u256'] as const),
    ...(['i8', 'i16', 'i32', 'i64', 'i128', 'i256'] as const),
  ].map((kind) => [kind[0]?.toUpperCase() + kind.slice(1), kind]),
);

/** Reads types as `/schema` and `/sql` write them, in SATS-JSON. */
export class Types {
  readonly #space: Type[] = [];

  /** @param space what references refer to, by position */
  constructor(space: readonly unknown[] = []) {
    // A type may refer to itself or to a later one: all are there before any is filled in.
    for (let at = 0; at < space.length; at++) this.#space.push({} as Type);
    for (const [at, json] of space.entries()) Object.assign(this.at(at), this.read(json));
  }

  at(reference: number): Type {
    const type = this.#space[reference];
    if (type === undefined) throw new Error(`The schema refers to a type ${reference} that it does not have.`);
    return type;
  }

  read(json: unknown): Type {
    const [tag, payload] = Object.entries(json as Record<string, unknown>)[0] ?? ['', undefined];
    if (tag === 'Ref') return this.at(payload as number);
    if (tag === 'Product') return { kind: 'product', fields: this.fields((payload as { elements: unknown }).elements) };
    if (tag === 'Sum') return { kind: 'sum', variants: this.fields((payload as { variants: unknown }).variants) };
    if (tag === 'Array') return { kind: 'array', of: this.read(payload) };
    const kind = scalarKinds.get(tag);
    if (kind === undefined) throw new Error(`The schema has a type ${tag} that this page does not know.`);
    return { kind };
  }

  fields(json: unknown): Field[] {
    const elements = json as readonly { name: { some?: string }; algebraic_type: unknown }[];
    return elements.map((element, at) => ({
      name: element.name.some ?? `${at}`,
      type: this.read(element.algebraic_type),
    }));
  }
}
