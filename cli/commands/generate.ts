import { compareBindings, generateTypeScript, writeBindings } from '../../engine/codegen/index.ts';
import { bundle, describeModule } from '../../engine/module/index.ts';
import { Failure } from '../lib/failure.ts';

export interface GenerateOptions {
  readonly module: string;
  readonly out: string;
  readonly check?: boolean;
}

export async function generate(options: GenerateOptions): Promise<void> {
  const files = generateTypeScript(await describeModule(await bundle(options.module)));
  if (options.check) {
    const { written, deleted } = await compareBindings(options.out, files);
    const stale = [...written, ...deleted];
    if (stale.length === 0) return console.log(`${options.out} is current: ${files.size} files`);
    const again = `helix generate --module ${options.module} --out ${options.out}`;
    throw new Failure(`${options.out} is stale, run \`${again}\`: ${stale.join(', ')}`);
  }
  const { written, deleted } = await writeBindings(options.out, files);
  console.log(`${options.out}: ${files.size} files, ${written.length} written, ${deleted.length} deleted`);
}
