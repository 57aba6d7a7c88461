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

/** Answers where a position of the compiled code came from. */
export class Places {
  readonly #map: SourceMap | undefined;

  constructor(map: string) {
    this.#map = map === '' ? undefined : new SourceMap(JSON.parse(map) as SourceMapPayload);
  }

  at(line: number, column: number): Place {
    const entry = this.#map?.findEntry(line - 1, column - 1);
    if (entry === undefined || !('originalSource' in entry)) return { file: 'module.js', line, column };
    return { file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }

  /** A stack trace with positions in `module.js` replaced by the author's. */
  translate(stack: string): string {
    return stack.replaceAll(/module\.js:(\d+):(\d+)/g, (_, line: string, column: string) => {
      const place = this.at(Number(line), Number(column));
      return `${place.file}:${place.line}:${place.column}`;
    });
  }
}
