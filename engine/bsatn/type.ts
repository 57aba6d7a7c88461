/**
 * A SATS type with every reference resolved. A recursive type is a cyclic object graph, so whoever walks one memoises
 * by object identity.
 */
export type Type = ScalarType | ArrayType | ProductType | SumType;

export type IntegerKind = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | WideIntegerKind;
export type WideIntegerKind = 'u64' | 'i64' | 'u128' | 'i128' | 'u256' | 'i256';
export type ScalarKind = 'bool' | 'string' | 'f32' | 'f64' | IntegerKind;

export interface ScalarType {
  readonly kind: ScalarKind;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly of: Type;
}

export interface ProductType {
  readonly kind: 'product';
  readonly fields: readonly Field[];
}

/** At most 256 variants; a value is a u8 tag and the variant's payload. */
export interface SumType {
  readonly kind: 'sum';
  readonly variants: readonly Field[];
}

export interface Field {
  readonly name: string;
  readonly type: Type;
}
