import { isUnitEnum, unitType } from '../bsatn/special.ts';
import type { Field, IntegerKind, ProductType, SumType, Type } from '../bsatn/type.ts';
import { type CasePolicy, camelCase, snakeCase } from './names.ts';
import type { RawElement, RawType } from './raw.ts';

/** Resolves the references of one typespace; the same reference always gives the same object. */
export class TypeResolver {
  readonly #typespace: readonly RawType[];
  readonly #policy: CasePolicy;
  readonly #resolved = new Map<number, Type>();
  readonly #problems: string[];

  constructor(typespace: readonly RawType[], policy: CasePolicy, problems: string[]) {
    this.#typespace = typespace;
    this.#policy = policy;
    this.#problems = problems;
  }

  /** The type with index `ref`. Its fields and variants, unlike those of types written in place, are renamed. */
  ref(ref: number): Type {
    const known = this.#resolved.get(ref);
    if (known !== undefined) return known;
    const raw = this.#follow(ref);
    if (raw === undefined) {
      this.#problems.push(`type ${ref} is referred to but not defined`);
      return unitType;
    }
    // Recursion goes through a reference, so the object must be known before its parts are resolved.
    if (raw.kind === 'array') {
      const array = { kind: 'array' as const, of: unitType as Type };
      this.#resolved.set(ref, array);
      array.of = this.type(raw.of);
      return array;
    }
    if (raw.kind === 'product' || raw.kind === 'sum') {
      const fields: Field[] = [];
      const type: ProductType | SumType =
        raw.kind === 'product' ? { kind: 'product', fields } : { kind: 'sum', variants: fields };
      this.#resolved.set(ref, type);
      const rename = raw.kind === 'product' ? this.fieldName : this.#variantName;
      fields.push(...this.#elements(raw.elements, rename));
      return type;
    }
    const type = this.type(raw);
    this.#resolved.set(ref, type);
    return type;
  }

  type(raw: RawType): Type {
    switch (raw.kind) {
      case 'ref':
        return this.ref(raw.index);
      case 'array':
        return { kind: 'array', of: this.type(raw.of) };
      // A product or sum written in place is one of the built-in kinds (option, Identity, ScheduleAt …), known by its
      // names, which therefore stay.
      case 'product':
        return { kind: 'product', fields: this.#elements(raw.elements, (name) => name) };
      case 'sum':
        return { kind: 'sum', variants: this.#elements(raw.elements, (name) => name) };
      default:
        return { kind: raw.kind };
    }
  }

  /** Parameters of a function, renamed like columns. */
  params(elements: readonly RawElement[]): Field[] {
    return this.#elements(elements, this.fieldName);
  }

  readonly fieldName = (name: string): string => (this.#policy === 'snake' ? snakeCase(name) : name);

  /** The names that the elements of a product have in the source. */
  sourceNames(ref: number): string[] {
    const raw = this.#follow(ref);
    return raw?.kind === 'product' ? raw.elements.map(elementName) : [];
  }

  readonly #variantName = (name: string): string => (this.#policy === 'snake' ? camelCase(name) : name);

  #elements(elements: readonly RawElement[], rename: (name: string) => string): Field[] {
    return elements.map((element, place) => ({
      name: rename(elementName(element, place)),
      type: this.type(element.type),
    }));
  }

  #follow(ref: number): Exclude<RawType, { kind: 'ref' }> | undefined {
    let raw = this.#typespace[ref];
    for (let steps = 0; raw?.kind === 'ref' && steps < this.#typespace.length; steps++)
      raw = this.#typespace[raw.index];
    return raw === undefined || raw.kind === 'ref' ? undefined : raw;
  }
}

const elementName = (element: RawElement, place: number): string => element.name ?? `_${place}`;

/** The smallest and largest value of an integer type; undefined for any other type. */
export function integerRange(type: Type): { readonly min: bigint; readonly max: bigint } | undefined {
  const bits = integerBits[type.kind as IntegerKind];
  if (bits === undefined) return undefined;
  if (type.kind.startsWith('u')) return { min: 0n, max: (1n << bits) - 1n };
  return { min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n };
}

const integerBits: Record<IntegerKind, bigint> = {
  ...{ u8: 8n, u16: 16n, u32: 32n, u64: 64n, u128: 128n, u256: 256n },
  ...{ i8: 8n, i16: 16n, i32: 32n, i64: 64n, i128: 128n, i256: 256n },
};

/** Whether a direct index can be built over a column: a small unsigned integer, or an enum without payloads. */
export function isDirectKey(type: Type): boolean {
  return isUnitEnum(type) || type.kind === 'u8' || type.kind === 'u16' || type.kind === 'u32' || type.kind === 'u64';
}

/** Whether no value of a type can ever be written down because a product contains itself. */
export function isEndless(type: Type, open: ReadonlySet<Type> = new Set()): boolean {
  if (type.kind !== 'product') return false;
  if (open.has(type)) return true;
  const inside = new Set(open).add(type);
  return type.fields.some((field) => isEndless(field.type, inside));
}
