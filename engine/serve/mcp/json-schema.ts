import { rangeOf } from '../../bsatn/integer.ts';
import { isBytes, isUnit, isUnitEnum, optionOf, specialOf } from '../../bsatn/special.ts';
import type { Field, ProductType, SumType, Type } from '../../bsatn/type.ts';
import type { NamedType } from '../../module/definition.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

const specials = {
  identity: { type: 'string', pattern: '^(0x)?[0-9a-fA-F]{64}$', description: 'an identity: 64 hex digits' },
  'connection-id': {
    type: 'string',
    pattern: '^0x[0-9a-fA-F]{1,32}$',
    description: 'a connection id: 0x and hex digits',
  },
  timestamp: { type: ['integer', 'string'], description: 'microseconds since 1970' },
  'time-duration': { type: ['integer', 'string'], description: 'microseconds' },
  uuid: { type: ['integer', 'string'], description: 'a UUID as a number, or as 0x and hex digits' },
} as const;

/** The JSON Schema of a function's parameters as one object, as arguments by name over HTTP. */
export function parametersSchema(params: readonly Field[], named: readonly NamedType[]): JsonSchema {
  const writer = new SchemaWriter(named);
  const schema = writer.object(params);
  return writer.definitions.size === 0 ? schema : { ...schema, $defs: Object.fromEntries(writer.definitions) };
}

/** Named types become definitions, so that they may contain themselves. */
class SchemaWriter {
  readonly definitions = new Map<string, JsonSchema>();
  readonly #names: ReadonlyMap<Type, string>;

  constructor(named: readonly NamedType[]) {
    this.#names = new Map(
      named.map(({ type, name, namespace }) => [type, namespace === '' ? name : `${namespace}.${name}`]),
    );
  }

  object(fields: readonly Field[]): JsonSchema {
    return {
      type: 'object',
      properties: Object.fromEntries(fields.map(({ name, type }) => [name, this.#type(type)])),
      required: fields.filter(({ type }) => optionOf(type) === undefined).map(({ name }) => name),
      additionalProperties: false,
    };
  }

  #type(type: Type): JsonSchema {
    const name = this.#names.get(type);
    if (name === undefined || specialOf(type) !== undefined) return this.#inline(type);
    if (!this.definitions.has(name)) {
      // Known before it is described: it may contain itself.
      this.definitions.set(name, {});
      this.definitions.set(name, this.#inline(type));
    }
    return { $ref: `#/$defs/${name}` };
  }

  #inline(type: Type): JsonSchema {
    switch (type.kind) {
      case 'product':
        return this.#product(type);
      case 'sum':
        return this.#sum(type);
      case 'array':
        return isBytes(type)
          ? { type: 'string', pattern: '^(0x)?([0-9a-fA-F]{2})*$', description: 'bytes as hex digits' }
          : { type: 'array', items: this.#type(type.of) };
      case 'string':
        return { type: 'string' };
      case 'bool':
        return { type: 'boolean' };
      case 'f32':
      case 'f64':
        return { type: 'number' };
      default: {
        const { min, max } = rangeOf(type.kind);
        if (max <= Number.MAX_SAFE_INTEGER) return { type: 'integer', minimum: Number(min), maximum: Number(max) };
        return { type: ['integer', 'string'], description: `${type.kind}; digits as a string beyond 2^53` };
      }
    }
  }

  #product(type: ProductType): JsonSchema {
    const special = specialOf(type);
    return special === undefined ? this.object(type.fields) : specials[special];
  }

  #sum(type: SumType): JsonSchema {
    const some = optionOf(type);
    if (some !== undefined) return { anyOf: [this.#type(some), { type: 'null' }] };
    if (isUnitEnum(type)) return { type: 'string', enum: type.variants.map(({ name }) => name) };
    return {
      anyOf: type.variants.map((variant) =>
        isUnit(variant.type) ? { const: variant.name } : { ...this.object([variant]), required: [variant.name] },
      ),
    };
  }
}
