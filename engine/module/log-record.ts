import type { Places } from './compiled.ts';

/** One line that a module wrote, or the host about it. */
export interface ModuleLogRecord {
  readonly level: 'Error' | 'Warn' | 'Info' | 'Debug' | 'Trace' | 'Panic';
  /** Microseconds since the epoch: the time of the call, which is the only time a module knows. */
  readonly ts: bigint;
  readonly function?: string;
  readonly filename?: string;
  readonly lineNumber?: number;
  readonly message: string;
}

const levels: ReadonlyMap<unknown, ModuleLogRecord['level']> = new Map([
  ...([[0, 'Error'] as const, [1, 'Warn'] as const, [2, 'Info'] as const] as const),
  ...([[3, 'Debug'] as const, [4, 'Trace'] as const, [101, 'Panic'] as const] as const),
]);

/** The name of a numbered level; what the module invents is Info. */
export function levelOf(level: unknown): ModuleLogRecord['level'] {
  return levels.get(level) ?? 'Info';
}

/** The line of the author's code that is being executed, read from the stack of `at`. */
export function callSite(at: Error, places: Places): Pick<ModuleLogRecord, 'function' | 'filename' | 'lineNumber'> {
  const frames = [...(at.stack ?? '').matchAll(/at (?:(.*?) \()?module\.js:(\d+):(\d+)\)?/g)].map((frame) => ({
    name: frame[1],
    place: places.at(Number(frame[2]), Number(frame[3])),
  }));
  // The first frame is the console of the package that the bundle contains; without a source map only by position.
  const frame = frames.find(({ place }) => !isPackage(place.file)) ?? frames[1] ?? frames[0];
  const author = frame?.place.file === 'module.js' ? (frames[1] ?? frame) : frame;
  if (author === undefined) return {};
  const { name, place } = author;
  return { ...(name === undefined ? {} : { function: name }), filename: place.file, lineNumber: place.line };
}

const isPackage = (file: string): boolean => /\/spacetimedb\/(src|dist)\//.test(file);
