import { type BindingsChange, generateTypeScript, writeBindings } from '../../engine/codegen/index.ts';
import { Rejection } from '../../engine/errors.ts';
import { describeModule } from '../../engine/module/index.ts';
import { Failure } from './failure.ts';
import { makeFolder } from './folder.ts';

/** Writes the TypeScript client of a bundled module. @throws Failure when the folder cannot be written */
export async function writeClient(bundle: string, out: string): Promise<BindingsChange & { fileCount: number }> {
  const files = generateTypeScript(await describeModule(bundle));
  try {
    await makeFolder(out, 0o777);
    return { ...(await writeBindings(out, files)), fileCount: files.size };
  } catch (error) {
    if (error instanceof Rejection) throw error;
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new Failure(`${out} cannot be written (${code}): choose another folder with --out`, { cause: error });
  }
}
