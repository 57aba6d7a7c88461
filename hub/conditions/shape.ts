import { didYouMean } from './hints.ts';
import { type Json, kindOf, type Problems, plainOf, type SourceNode } from './source.ts';

export type JsonSchema = { readonly [key: string]: Json };

/**
 * What a part of a text may be: it reads a node into a value, or notes what is wrong with it and where, and it describes itself
 * as JSON Schema. A text and its published schema therefore have one source.
 */
export interface Shape<T> {
  /** Notes at least one problem whenever it returns nothing. */
  read(node: SourceNode, problems: Problems): T | undefined;
  /** Shapes that are named put themselves into `definitions` and answer with a reference. */
  schema(definitions: Definitions): JsonSchema;
}

export type Definitions = Map<string, JsonSchema>;

/** The JSON Schema of a whole text (draft 2020-12). */
export function publishedSchema(shape: Shape<unknown>, id: string, title: string): JsonSchema {
  const definitions: Definitions = new Map();
  const body = shape.schema(definitions);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: id,
    title,
    ...body,
    $defs: Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** A shape that is described once under its name and may contain itself. */
export function named<T>(name: string, shape: () => Shape<T>): Shape<T> {
  return {
    read: (node, problems) => shape().read(node, problems),
    schema(definitions) {
      if (!definitions.has(name)) {
        definitions.set(name, {});
        definitions.set(name, shape().schema(definitions));
      }
      return { $ref: `#/$defs/${name}` };
    },
  };
}

export interface TextBounds {
  readonly charsMax: number;
  /** What it must look like, and that in words. */
  readonly pattern?: { readonly matches: RegExp; readonly words: string };
}

/** A text that is not empty. */
export function text({ charsMax, pattern }: TextBounds): Shape<string> {
  return {
    read(node, problems) {
      if (node.kind !== 'scalar' || typeof node.value !== 'string') {
        const hint = node.kind === 'scalar' && node.value !== null ? 'put quotes around it' : '';
        return expected(node, problems, 'a text', hint);
      }
      if (node.value === '') return expected(node, problems, 'a text', 'it is empty');
      if (node.value.length > charsMax) {
        problems.add(node.at, `this text has ${node.value.length} characters, at most ${charsMax} are allowed`);
        return undefined;
      }
      if (pattern && !pattern.matches.test(node.value)) return expected(node, problems, pattern.words);
      return node.value;
    },
    schema: () => ({
      type: 'string',
      minLength: 1,
      maxLength: charsMax,
      ...(pattern ? { pattern: pattern.matches.source } : {}),
    }),
  };
}

/** A whole number within bounds, both included. */
export function integer(min: number, max: number): Shape<number> {
  return {
    read(node, problems) {
      const value = node.kind === 'scalar' ? node.value : undefined;
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
        return expected(node, problems, `a whole number from ${min} to ${max}`);
      }
      return value;
    },
    schema: () => ({ type: 'integer', minimum: min, maximum: max }),
  };
}

export function number(): Shape<number> {
  return {
    read(node, problems) {
      const value = node.kind === 'scalar' ? node.value : undefined;
      return typeof value === 'number' ? value : expected(node, problems, 'a number');
    },
    schema: () => ({ type: 'number' }),
  };
}

export function boolean(): Shape<boolean> {
  return {
    read(node, problems) {
      const value = node.kind === 'scalar' ? node.value : undefined;
      return typeof value === 'boolean' ? value : expected(node, problems, 'true or false');
    },
    schema: () => ({ type: 'boolean' }),
  };
}

/** One of some words. */
export function oneOf<const W extends string>(words: readonly W[]): Shape<W> {
  return {
    read(node, problems) {
      const value = node.kind === 'scalar' ? node.value : undefined;
      const found = words.find((word) => word === value);
      if (found !== undefined) return found;
      return expected(node, problems, `one of ${words.join(', ')}`, didYouMean(String(value ?? ''), words));
    },
    schema: () => ({ enum: words }),
  };
}

export function scalar(charsMax: number): Shape<string | number | boolean | null> {
  return {
    read(node, problems) {
      if (node.kind !== 'scalar') return expected(node, problems, 'a text, a number, true, false or null');
      if (typeof node.value === 'string' && node.value.length > charsMax) {
        problems.add(node.at, `this text has ${node.value.length} characters, at most ${charsMax} are allowed`);
        return undefined;
      }
      return node.value;
    },
    schema: () => ({ type: ['string', 'number', 'boolean', 'null'] }),
  };
}

/** Any value, as it is. */
export function anything(): Shape<Json> {
  return { read: (node) => plainOf(node), schema: () => ({}) };
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const durationText = /^(?:\d+(?:ms|s|m|h|d|w))+$/;

/** A duration such as `90s`, `1h30m` or `2d`, in milliseconds; bounds both included. */
export function duration(minMs: number, maxMs: number): Shape<number> {
  return {
    read(node, problems) {
      const value = node.kind === 'scalar' ? node.value : undefined;
      const words = 'a duration such as 30s, 10m, 1h30m or 2d';
      if (typeof value !== 'string' || !durationText.test(value)) {
        return expected(node, problems, words, typeof value === 'number' ? 'add a unit: ms, s, m, h, d or w' : '');
      }
      let ms = 0;
      for (const [, digits, unit] of value.matchAll(/(\d+)(ms|s|m|h|d|w)/g))
        ms += Number(digits) * (unitMs[unit ?? ''] ?? 0);
      if (ms < minMs || ms > maxMs) {
        return expected(node, problems, `a duration from ${durationOf(minMs)} to ${durationOf(maxMs)}`);
      }
      return ms;
    },
    schema: () => ({ type: 'string', pattern: durationText.source }),
  };
}

/** Milliseconds as a text that reads back as the same duration. */
export function durationOf(ms: number): string {
  let rest = ms;
  let written = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const each = unitMs[unit] ?? 1;
    if (rest >= each) written += `${Math.floor(rest / each)}${unit}`;
    rest %= each;
  }
  return written === '' ? '0s' : written;
}

export function list<T>(
  item: Shape<T>,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): Shape<readonly T[]> {
  return {
    read(node, problems) {
      if (node.kind !== 'list') return expected(node, problems, 'a list');
      if (node.items.length < min || node.items.length > max) {
        problems.add(node.at, `this list has ${node.items.length} items, allowed are ${min} to ${max}`);
        return undefined;
      }
      const read = node.items.map((each) => item.read(each, problems));
      return read.every((each) => each !== undefined) ? read : undefined;
    },
    schema: (definitions) => ({ type: 'array', items: item.schema(definitions), minItems: min, maxItems: max }),
  };
}

/** A list, or one item without the list around it. */
export function listOrOne<T>(
  item: Shape<T>,
  bounds: { readonly min?: number; readonly max: number },
): Shape<readonly T[]> {
  const many = list(item, bounds);
  return {
    read(node, problems) {
      if (node.kind === 'list') return many.read(node, problems);
      const one = item.read(node, problems);
      return one === undefined ? undefined : [one];
    },
    schema: (definitions) => ({ anyOf: [item.schema(definitions), many.schema(definitions)] }),
  };
}

/** A map with keys of one's own. */
export function record<T>(value: Shape<T>, max: number): Shape<ReadonlyMap<string, T>> {
  return {
    read(node, problems) {
      if (node.kind !== 'map') return expected(node, problems, 'a map');
      if (node.entries.length > max) {
        problems.add(node.at, `this map has ${node.entries.length} keys, at most ${max} are allowed`);
        return undefined;
      }
      const read = new Map<string, T>();
      for (const entry of node.entries) {
        const each = value.read(entry.value, problems);
        if (each !== undefined) read.set(entry.key, each);
      }
      return read.size === node.entries.length ? read : undefined;
    },
    schema: (definitions) => ({
      type: 'object',
      additionalProperties: value.schema(definitions),
      maxProperties: max,
    }),
  };
}

/** What was read, as something else. */
export function mapped<A, B>(shape: Shape<A>, become: (read: A) => B): Shape<B> {
  return {
    read(node, problems) {
      const read = shape.read(node, problems);
      return read === undefined ? undefined : become(read);
    },
    schema: (definitions) => shape.schema(definitions),
  };
}

/** One shape for a text or number, another for a map: what it is decides which of them explains what is wrong. */
export function byKind<A, B>(shapes: { readonly scalar: Shape<A>; readonly map: Shape<B> }): Shape<A | B> {
  return {
    read: (node, problems) => (node.kind === 'map' ? shapes.map : shapes.scalar).read(node, problems),
    schema: (definitions) => ({ anyOf: [shapes.scalar.schema(definitions), shapes.map.schema(definitions)] }),
  };
}

export interface Field<T> {
  readonly shape: Shape<T>;
  readonly isRequired: boolean;
  /** What it is for, in a sentence; published in the schema. */
  readonly about: string;
}

export function required<T>(shape: Shape<T>, about: string): Field<T> {
  return { shape, isRequired: true, about };
}

export function optional<T>(shape: Shape<T>, about: string): Field<T | undefined> {
  return { shape, isRequired: false, about };
}

/** A map with known keys; others are refused with the closest known one. */
export function object<T extends object>(what: string, fields: { readonly [K in keyof T]-?: Field<T[K]> }): Shape<T> {
  const known = Object.keys(fields);
  const entries = Object.entries(fields) as [string, Field<unknown>][];
  return {
    read(node, problems) {
      if (node.kind !== 'map') return expected(node, problems, `${what}: a map with ${known.join(', ')}`);
      const read: Record<string, unknown> = {};
      let isWhole = true;
      for (const { key, keyAt } of node.entries) {
        if (known.includes(key)) continue;
        problems.add(keyAt, `${what} has no key ${key}`, didYouMean(key, known));
        isWhole = false;
      }
      for (const [key, { shape, isRequired }] of entries) {
        const given = node.entries.find((entry) => entry.key === key);
        if (given) {
          const value = shape.read(given.value, problems);
          if (value === undefined) isWhole = false;
          read[key] = value;
        } else if (isRequired) {
          problems.add(node.at, `${what} needs the key ${key}`);
          isWhole = false;
        }
      }
      // Every key of `fields` has been read by its own shape.
      return isWhole ? (read as T) : undefined;
    },
    schema: (definitions) => ({
      type: 'object',
      properties: Object.fromEntries(
        entries.map(([key, { shape, about }]) => [key, { description: about, ...shape.schema(definitions) }]),
      ),
      required: entries.filter(([, { isRequired }]) => isRequired).map(([key]) => key),
      additionalProperties: false,
    }),
  };
}

/** A map with exactly one of some keys, which says what the rest of it is: `{ tag, value }`. */
export function oneKey<T extends object>(
  what: string,
  variants: { readonly [K in keyof T]: Field<T[K]> },
): Shape<{ [K in keyof T]: { readonly tag: K; readonly value: T[K] } }[keyof T]> {
  type Variant = { [K in keyof T]: { readonly tag: K; readonly value: T[K] } }[keyof T];
  const known = Object.keys(variants);
  const entries = Object.entries(variants) as [string, Field<unknown>][];
  return {
    read(node, problems) {
      const [entry, second] = node.kind === 'map' ? node.entries : [];
      if (!entry || second) return expected(node, problems, `${what}: a map with one of the keys ${known.join(', ')}`);
      const variant = entries.find(([key]) => key === entry.key);
      if (!variant) {
        problems.add(entry.keyAt, `${what} has no key ${entry.key}`, didYouMean(entry.key, known));
        return undefined;
      }
      const value = variant[1].shape.read(entry.value, problems);
      return value === undefined ? undefined : ({ tag: variant[0], value } as Variant);
    },
    schema: (definitions) => ({
      oneOf: entries.map(([key, { shape, about }]) => ({
        type: 'object',
        properties: { [key]: { description: about, ...shape.schema(definitions) } },
        required: [key],
        additionalProperties: false,
      })),
    }),
  };
}

/** Notes that something else was expected. */
export function expected(node: SourceNode, problems: Problems, what: string, hint = ''): undefined {
  problems.add(node.at, `expected ${what}, found ${kindOf(node)}`, hint);
  return undefined;
}
