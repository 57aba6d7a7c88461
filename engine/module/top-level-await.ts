import type { CompiledModule } from './compiled.ts';

/** How far a module's top level has come, in `module.progress`: nothing when it never waits. */
export type Progress = 'waiting' | 'done' | 'failed' | undefined;

/** Follows what esbuild itself needs. */
const beginning = /^\/\/ module\.js\n/m;
const importStatement = /\s*import\s*(?:([^"';]*?)\s*from\s*)?("(?:[^"\\]|\\.)*");/y;
const exportStatement = /\bexport\s*\{([^{}]*)\};\s*$/;

const head =
  '"use strict"; module.progress = "waiting"; (async () => {' +
  'Object.defineProperty(exports, "__esModule", { value: true });\n';
const foot =
  '\n})().then(() => { module.progress = "done"; }, (error) => { module.error = error; module.progress = "failed"; });';

/**
 * A CommonJS body of an ES module that awaits at its top level.
 * @param text as esbuild bundles it: imports where the module's own text begins, and one list of exports at its end
 * @param map its source map, as JSON
 */
export function bodyThatAwaits(text: string, map: string): CompiledModule {
  const list = exportStatement.exec(text);
  const rest = list === null ? text : text.slice(0, list.index);
  const found = beginning.exec(rest);
  const start = found === null ? 0 : found.index + found[0].length;
  const { declarations, end } = readImports(rest, start);
  // The lines of the text stay what they are, one further down.
  const code = `${head}${exportsOf(list?.[1] ?? '')}${rest.slice(0, start)}${declarations}${rest.slice(end)}${foot}`;
  const { mappings, ...others } = JSON.parse(map) as { readonly mappings: string };
  return { code, map: JSON.stringify({ ...others, mappings: `;${mappings}` }) };
}

function readImports(text: string, start: number): { readonly declarations: string; readonly end: number } {
  let declarations = '';
  let end = start;
  for (;;) {
    importStatement.lastIndex = end;
    const found = importStatement.exec(text);
    if (found === null) return { declarations, end };
    const [statement, names = '', from = ''] = found;
    end = importStatement.lastIndex;
    declarations += `${'\n'.repeat(statement.split('\n').length - 1)}${declarationOf(names.trim(), from)}`;
  }
}

/** `a, { b as c }` from a module, or `* as d`. */
function declarationOf(names: string, from: string): string {
  const [, whole, only = '', list] = /^(?:\*\s*as\s+(\S+)|([^\s,{]+)?\s*,?\s*(?:\{([^}]*)\})?)$/.exec(names) ?? [];
  if (whole !== undefined) return `const ${whole} = require(${from});`;
  const parts = (list ?? '').split(',').map((part) => part.trim().replace(/\s+as\s+/, ': '));
  if (only !== '') parts.unshift(`default: ${only}`);
  return `const { ${parts.filter((part) => part !== '').join(', ')} } = require(${from});`;
}

/** Bindings stay live: a function may be exported before what it uses is there. */
function exportsOf(list: string): string {
  const names = list.split(',').flatMap((part) => {
    const [local, name = local] = part.trim().split(/\s+as\s+/);
    if (local === undefined || local === '' || name === undefined) return [];
    const key = name.startsWith('"') ? name : JSON.stringify(name);
    return [`${key}: { enumerable: true, get: () => ${local} }`];
  });
  return `Object.defineProperties(exports, { ${names.join(', ')} });`;
}
