import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import pc from 'picocolors';
import { bundle } from '../../engine/module/bundle.ts';
import { Failure } from './failure.ts';
import { parseJson, readText } from './files.ts';

/** Bundles the file that `--module` names. @throws as `checkFile` does; Rejection `bundle` with where it is wrong */
export async function bundleFile(file: string): Promise<string> {
  await checkFile(file);
  return await bundle(file);
}

/**
 * Says on standard error when an editor cannot know the types of the module that `--module` names.
 * @throws Failure when there is no such file
 */
export async function checkFile(file: string): Promise<void> {
  const entry = relative(process.cwd(), resolve(file)) || '.';
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    const what = found?.isDirectory() ? `${entry} is a folder` : `There is no file ${entry}`;
    throw new Failure(`${what}: --module names the entry file of a module, such as src/index.ts`);
  }
  const hint = await typesHint(file);
  if (hint !== undefined) console.error(pc.yellow(`· ${hint}`));
}

/** What TypeScript's resolution must be for the types of `spacetimedb/server` to be found, when it is something else. */
async function typesHint(file: string): Promise<string | undefined> {
  const config = findUp(dirname(resolve(file)), 'tsconfig.json');
  if (config === undefined) return undefined;
  const parsed = parseJson(withoutComments((await readText(config)) ?? '')) as TsConfig | undefined;
  const { moduleResolution, module } = parsed?.compilerOptions ?? {};
  const seen = resolutionOf(moduleResolution, module);
  if (seen === undefined) return undefined;
  const where = relative(process.cwd(), config);
  return `${where} has ${seen}, under which the types of spacetimedb/server are not found: set "moduleResolution": "bundler"`;
}

interface TsConfig {
  readonly compilerOptions?: { readonly moduleResolution?: string; readonly module?: string };
}

const unfit = /^(?:node|node10|node16|nodenext|classic)$/i;
/** Without a `moduleResolution` these bring one of their own. */
const unfitModule = /^(?:node16|node18|node20|nodenext)$/i;

function resolutionOf(moduleResolution: unknown, module: unknown): string | undefined {
  if (typeof moduleResolution === 'string') {
    return unfit.test(moduleResolution) ? `"moduleResolution": "${moduleResolution}"` : undefined;
  }
  return typeof module === 'string' && unfitModule.test(module) ? `"module": "${module}"` : undefined;
}

function findUp(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  const parent = dirname(folder);
  return parent === folder ? undefined : findUp(parent, name);
}

/** A tsconfig may have comments and commas that JSON has not. */
function withoutComments(text: string): string {
  return text
    .replaceAll(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '$1')
    .replaceAll(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, '$1');
}
