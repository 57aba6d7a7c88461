import { isBuiltin } from 'node:module';
import { dirname, resolve } from 'node:path';
import { build, type Message } from 'esbuild';
import { Rejection } from '../errors.ts';

/**
 * Bundles a module's entry file and everything that it imports into the text of one ES module.
 * Packages are looked up from the entry's folder; `spacetime:sys@*` stays an import. The text carries a source map whose
 * paths are relative to the entry's folder, so that it is the same on every machine.
 * @throws Rejection `bundle` with one line `file:line:column: message` for each mistake.
 */
export async function bundle(entryFile: string): Promise<string> {
  const entry = resolve(entryFile);
  const folder = dirname(entry);
  try {
    const result = await build({
      absWorkingDir: folder,
      entryPoints: [entry],
      outfile: resolve(folder, 'module.js'),
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['import', 'module'],
      target: 'es2022',
      external: ['spacetime:sys@*'],
      sourcemap: 'inline',
      sourcesContent: false,
      logLevel: 'silent',
    });
    return result.outputFiles.map((file) => file.text).join('');
  } catch (error) {
    throw new Rejection('bundle', `The module could not be bundled:\n${describe(error)}`, { cause: error });
  }
}

function describe(error: unknown): string {
  const messages = (error as { errors?: Message[] }).errors;
  if (messages === undefined || messages.length === 0) return error instanceof Error ? error.message : String(error);
  return messages.map(line).join('\n');
}

/** One message of esbuild as `file:line:column: text`. */
export function line(message: Message): string {
  const at = message.location;
  const text = `${message.text}${hintOf(message.text)}`;
  return at === null ? text : `${at.file}:${at.line}:${at.column + 1}: ${text}`;
}

/** What Node has of its own is no missing package: it is not there on purpose. */
function hintOf(text: string): string {
  const [, name] = /^Could not resolve "([^"]+)"/.exec(text) ?? [];
  if (name === undefined || !isBuiltin(name)) return '';
  return ': a module has nothing of Node; its reducers read and write tables, its procedures reach out by ctx.http';
}
