import { type Message, transform } from 'esbuild';
import { Rejection } from '../errors.ts';
import { line } from './bundle.ts';
import type { CompiledModule } from './compiled.ts';

/**
 * Turns the text of an ES module into a CommonJS body that Node 20 can evaluate, `using` declarations lowered.
 * @throws Rejection `bundle` when the text does not parse or awaits at its top level.
 */
export async function compile(bundle: string): Promise<CompiledModule> {
  try {
    const { code, map } = await transform(bundle, {
      loader: 'js',
      format: 'cjs',
      platform: 'neutral',
      target: 'es2022',
      sourcefile: 'module.js',
      sourcemap: 'external',
      sourcesContent: false,
      logLevel: 'silent',
    });
    return { code, map };
  } catch (error) {
    const messages = (error as { errors?: Message[] }).errors ?? [];
    throw new Rejection('bundle', `The bundle cannot be loaded:\n${messages.map(line).join('\n')}`, { cause: error });
  }
}
