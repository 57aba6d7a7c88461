import type { Named } from './definition.ts';
import { type CasePolicy, pascalCase, snakeCase } from './names.ts';
import type { RawModule } from './raw.ts';
import { TypeResolver } from './types.ts';

/** One module or submodule while it is described: its types and how its names are written. */
export class Scope {
  readonly raw: RawModule;
  /** `''` for the module itself. */
  readonly namespace: string;
  readonly types: TypeResolver;
  readonly #policy: CasePolicy;
  readonly #explicit = new Map<string, string>();

  constructor(raw: RawModule, namespace: string, problems: string[]) {
    this.raw = raw;
    this.namespace = namespace;
    this.#policy = raw.casePolicy;
    this.types = new TypeResolver(raw.typespace, raw.casePolicy, problems);
    for (const { of, source, canonical } of raw.explicitNames) this.#explicit.set(`${of} ${source}`, canonical);
  }

  /** The names of a table or function, prefixed with the namespace. */
  name(of: 'table' | 'function', source: string): Named {
    return {
      name: this.qualify(this.localName(of, source)),
      sourceName: this.qualify(source),
      namespace: this.namespace,
    };
  }

  /** The canonical name without the namespace. */
  localName(of: 'table' | 'function', source: string): string {
    return this.explicitName(of, source) ?? (this.#policy === 'snake' ? snakeCase(source) : source);
  }

  explicitName(of: 'table' | 'function' | 'index', source: string): string | undefined {
    return this.#explicit.get(`${of} ${source}`);
  }

  typeName(ref: number): string | undefined {
    const named = this.raw.types.find((type) => type.ref === ref);
    if (named === undefined) return undefined;
    const parts = [...named.scope, named.name];
    return (this.#policy === 'snake' ? parts.map(pascalCase) : parts).join('');
  }

  qualify(name: string): string {
    return this.namespace === '' ? name : `${this.namespace}.${name}`;
  }
}
