import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'vite';

/** How the SDK compiles a reader or a writer. */
const compileCall = /(?<== )Function\(/g;

/**
 * The client SDK compiles the reader and the writer of each type from text when it first needs them, which a page may do
 * only if its content security policy allows `unsafe-eval`. This plugin lets the SDK do so at build time, for the types
 * of our bindings, and ships the functions instead: the page's policy then forbids evaluation altogether.
 */
export function compileDecoders(bindings: string): Plugin {
  const compiler = 'virtual:sdk-compiler';
  return {
    name: 'helix:compile-decoders',
    apply: 'build',
    resolveId: (id) => (id === compiler ? `\0${compiler}` : undefined),
    async load(id) {
      return id === `\0${compiler}` ? compilerModule(await capture(bindings)) : undefined;
    },
    transform(code, id) {
      if (!/\/node_modules\/spacetimedb\/dist\//.test(id)) return undefined;
      const changed = code.replaceAll(compileCall, 'sdkCompile(');
      return changed === code
        ? undefined
        : { code: `import { sdkCompile } from '${compiler}';\n${changed}`, map: null };
    },
  };
}

/** Runs the SDK over the bindings and notes the arguments of every call of `Function`. */
async function capture(bindings: string): Promise<readonly string[][]> {
  const bundle = await build({
    stdin: { contents: exercise(bindings), resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
  });
  const folder = await mkdtemp(join(tmpdir(), 'helix-decoders-'));
  const calls = await run(join(folder, 'exercise.mjs'), bundle.outputFiles[0]?.text ?? '').finally(() =>
    rm(folder, { recursive: true }),
  );
  if (calls.length === 0) throw new Error('The SDK compiled nothing: it no longer needs compile-decoders, remove it');
  return calls;
}

async function run(file: string, code: string): Promise<readonly string[][]> {
  await writeFile(file, code.replaceAll(compileCall, 'capture('));
  const { calls } = (await import(pathToFileURL(file).href)) as { calls: readonly string[][] };
  return calls;
}

/** A program that makes the SDK compile all it needs: rows and reducers when it connects, messages when they pass. */
function exercise(bindings: string): string {
  return `
    export const calls = [];
    globalThis.capture = (...args) => {
      calls.push(args);
      return new Function(...args);
    };
    const { setGlobalLogLevel } = await import('spacetimedb');
    const { DbConnection } = await import(${JSON.stringify(bindings)});
    setGlobalLogLevel('error');
    const socket = { protocol: 'v2.bsatn.spacetimedb', readyState: 1, send() {}, close() {} };
    const connection = DbConnection.builder()
      .withUri('ws://build')
      .withDatabaseName('build')
      .withWSFn(async () => socket)
      .build();
    await connection.wsPromise;
    socket.onopen();
    connection.subscriptionBuilder().subscribe('SELECT * FROM build');
    // Zeros are a first message: an empty identity, connection and token.
    socket.onmessage({ data: new Uint8Array(64) });
  `;
}

function compilerModule(calls: readonly string[][]): string {
  const entries = new Map(calls.map((args) => [args.join('\0'), args]));
  const functions = [...entries].map(([key, args]) => {
    return `  [${JSON.stringify(key)}]: function (${args.slice(0, -1).join(', ')}) {\n${args.at(-1)}\n  },`;
  });
  return `const compiled = {\n${functions.join('\n')}\n};
export function sdkCompile(...args) {
  // A type that is not in the bindings works wherever evaluation is allowed.
  return compiled[args.join('\\0')] ?? new Function(...args);
}
`;
}
