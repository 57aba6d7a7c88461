import { build, type Message, transform } from 'esbuild';
import { Rejection } from '../errors.ts';
import { line } from './bundle.ts';
import type { CompiledModule } from './compiled.ts';
import { bodyThatAwaits } from './top-level-await.ts';

const options = {
  platform: 'neutral',
  target: 'es2022',
  sourcemap: 'external',
  sourcesContent: false,
  logLevel: 'silent',
  // It becomes a call of `require`: what Node does with it would hand an error of the host's to the module.
  supported: { 'dynamic-import': false },
} as const;

/**
 * Turns the text of an ES module into a CommonJS body that Node 20 can evaluate, `using` declarations lowered.
 * @throws Rejection `bundle` when the text does not parse.
 */
export async function compile(bundle: string): Promise<CompiledModule> {
  try {
    const { code, map } = await transform(bundle, { ...options, loader: 'js', format: 'cjs', sourcefile: 'module.js' });
    return { code, map };
  } catch (error) {
    if (messagesOf(error).some(({ text }) => text.startsWith('Top-level await'))) return await compileAwaiting(bundle);
    throw refusal(error);
  }
}

/** A module that awaits at its top level. Bundled by itself it has all imports at its start and one export at its end. */
async function compileAwaiting(bundle: string): Promise<CompiledModule> {
  try {
    const { outputFiles } = await build({
      ...options,
      stdin: { contents: bundle, loader: 'js', sourcefile: 'module.js' },
      outfile: 'module.js',
      bundle: true,
      write: false,
      format: 'esm',
      external: ['*'],
      legalComments: 'none',
      define: { 'import.meta': '{}' },
    });
    const text = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
    return bodyThatAwaits(text('module.js'), text('module.js.map'));
  } catch (error) {
    throw refusal(error);
  }
}

function messagesOf(error: unknown): readonly Message[] {
  return (error as { errors?: Message[] }).errors ?? [];
}

function refusal(error: unknown): Rejection {
  if (messagesOf(error).length === 0) throw error;
  return new Rejection('bundle', `The bundle cannot be loaded:\n${messagesOf(error).map(line).join('\n')}`, {
    cause: error,
  });
}
