import { type Expression, evaluateExpression } from './expression.ts';
import { readExpression, type Scope } from './scope.ts';
import type { Shape } from './shape.ts';
import type { Json, Position, Problems, ScalarNode, SourceNode } from './source.ts';

/** A value with places to fill in; it is JSON and can be kept as such. */
export type Template =
  | { readonly kind: 'constant'; readonly value: Json }
  /** The whole value is what an expression gives, with its type. */
  | { readonly kind: 'value'; readonly of: Expression }
  /** A text with values written into it. */
  | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'list'; readonly items: readonly Template[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Template])[] };

export type Filled = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly message: string };

/** The shape of any value in which texts may have `{{path}}` or `{{ an expression }}`, checked against the scope. */
export function templateShape(scope: Scope): Shape<Template> {
  return {
    read: (node, problems) => {
      const before = problems.list.length;
      const template = readTemplate(node, scope, problems);
      return problems.list.length === before ? template : undefined;
    },
    schema: () => ({}),
  };
}

/** The shape of a text in which `{{path}}` may stand. */
export function textTemplateShape(scope: Scope, charsMax: number): Shape<Template> {
  return {
    read(node, problems) {
      if (node.kind !== 'scalar' || typeof node.value !== 'string' || node.value === '') {
        problems.add(node.at, 'expected a text', 'put quotes around it');
        return undefined;
      }
      if (node.value.length > charsMax) {
        problems.add(node.at, `this text has ${node.value.length} characters, at most ${charsMax} are allowed`);
        return undefined;
      }
      return templateShape(scope).read(node, problems);
    },
    schema: () => ({ type: 'string', minLength: 1, maxLength: charsMax }),
  };
}

/**
 * The value of a template. A value that is not there becomes null, or nothing inside a text; texts and lists inside a text are
 * written as JSON. What would have more than `charsMax` characters as JSON is refused.
 */
export function fillTemplate(template: Template, scope: Json, charsMax: number): Filled {
  const room = { chars: charsMax };
  const value = fill(template, scope, room);
  return room.chars >= 0
    ? { ok: true, value }
    : { ok: false, message: `what was filled in has more than ${charsMax} characters` };
}

/** A text template filled in, cut to a length. */
export function fillText(template: Template, scope: Json, charsMax: number): string {
  const filled = fillTemplate(template, scope, 16 * charsMax);
  const text = filled.ok ? written(filled.value) : filled.message;
  return text.length > charsMax ? `${text.slice(0, charsMax - 1)}…` : text;
}

function fill(template: Template, scope: Json, room: { chars: number }): Json {
  if (room.chars < 0) return null;
  switch (template.kind) {
    case 'constant':
      return taken(template.value, room);
    case 'value':
      return taken(evaluateExpression(template.of, scope) ?? null, room);
    case 'text': {
      let text = '';
      for (const part of template.parts) {
        text += typeof part === 'string' ? part : written(evaluateExpression(part, scope));
        if (text.length > room.chars) break;
      }
      return taken(text, room);
    }
    case 'list':
      return template.items.map((item) => fill(item, scope, room));
    case 'map':
      return Object.fromEntries(
        template.entries.map(([key, value]) => {
          room.chars -= key.length + 4;
          return [key, fill(value, scope, room)];
        }),
      );
  }
}

function taken(value: Json, room: { chars: number }): Json {
  room.chars -= JSON.stringify(value).length + 1;
  return value;
}

function written(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function readTemplate(node: SourceNode, scope: Scope, problems: Problems): Template {
  if (node.kind === 'scalar') return readScalar(node, scope, problems);
  if (node.kind === 'list') {
    const items = node.items.map((item) => readTemplate(item, scope, problems));
    const values = items.map(constantOf);
    return values.every((value) => value !== undefined) ? { kind: 'constant', value: values } : { kind: 'list', items };
  }
  const entries = node.entries.map(({ key, value }) => [key, readTemplate(value, scope, problems)] as const);
  const values = entries.map(([key, value]) => [key, constantOf(value)] as const);
  const isConstant = (entry: readonly [string, Json | undefined]): entry is readonly [string, Json] =>
    entry[1] !== undefined;
  return values.every(isConstant) ? { kind: 'constant', value: Object.fromEntries(values) } : { kind: 'map', entries };
}

function constantOf(template: Template): Json | undefined {
  return template.kind === 'constant' ? template.value : undefined;
}

function readScalar(node: ScalarNode, scope: Scope, problems: Problems): Template {
  const { value } = node;
  if (typeof value !== 'string' || !value.includes('{{')) return { kind: 'constant', value };
  const parts: (string | Expression)[] = [];
  let offset = 0;
  for (;;) {
    const open = value.indexOf('{{', offset);
    if (open < 0) break;
    const close = closeOf(value, open + 2);
    if (close < 0) {
      problems.add(placeIn(node, open), '{{ is not closed', 'write }} after the path');
      return { kind: 'constant', value: null };
    }
    if (open > offset) parts.push(value.slice(offset, open));
    const inner = value.slice(open + 2, close);
    const start = open + 2 + (inner.length - inner.trimStart().length);
    const expression = readExpression(inner.trim(), placeIn(node, start), scope, problems);
    if (expression) parts.push(expression);
    offset = close + 2;
  }
  if (offset < value.length) parts.push(value.slice(offset));
  const [only, second] = parts;
  return second === undefined && typeof only === 'object' ? { kind: 'value', of: only } : { kind: 'text', parts };
}

/** Where }} stands that is not inside of a quoted text. */
function closeOf(text: string, from: number): number {
  let isQuoted = false;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "'") isQuoted = !isQuoted;
    else if (text[at] === '\\' && isQuoted) at += 1;
    else if (!isQuoted && text.startsWith('}}', at)) return at;
  }
  return -1;
}

/** Exact for texts that are written on one line without escapes. */
function placeIn(node: ScalarNode, offset: number): Position {
  const isOneLine = typeof node.value === 'string' && !node.value.includes('\n');
  return isOneLine ? { line: node.textAt.line, column: node.textAt.column + offset } : node.textAt;
}
