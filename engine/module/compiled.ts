import { SourceMap, type SourceMapPayload } from 'node:module';

/** A bundle made ready to be evaluated in a realm; plain data, so that it can be handed to a worker thread. */
export interface CompiledModule {
  /** The body of a function `(module, exports, require)`. */
  readonly code: string;
  /** The source map from `code` to the author's files, as JSON. */
  readonly map: string;
}

/** Where a piece of code stands in the author's files. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A line of a stack trace that names a file. */
const hostFrame = /^ +at .*(?:[/\\]|node:|guard:\d)/;

const known = new WeakMap<CompiledModule, Places>();

/** The places of a module, one for all of its instances. */
export function placesOf(compiled: CompiledModule): Places {
  const places = known.get(compiled) ?? new Places(compiled.map);
  known.set(compiled, places);
  return places;
}

/** Answers where a position of the compiled code came from. */
export class Places {
  readonly #json: string;
  #map: SourceMap | undefined;

  constructor(map: string) {
    this.#json = map;
  }

  at(line: number, column: number): Place {
    // Most modules never have to say where they are.
    this.#map ??= new SourceMap(JSON.parse(this.#json) as SourceMapPayload);
    const entry = this.#map.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry)) return { file: 'module.js', line, column };
    return { file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }

  /** A stack trace with positions in `module.js` replaced by the author's, and without what called the module. */
  translate(stack: string): string {
    const own = stack.split('\n').filter((line) => !hostFrame.test(line) || line.includes('module.js:'));
    return own.join('\n').replaceAll(/module\.js:(\d+):(\d+)/g, (_, line: string, column: string) => {
      const place = this.at(Number(line), Number(column));
      return `${place.file}:${place.line}:${place.column}`;
    });
  }
}
