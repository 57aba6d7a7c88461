import { compareBindings, generateTypeScript } from '../../engine/codegen/index.ts';
import { describeModule } from '../../engine/module/index.ts';
import { Failure } from '../lib/failure.ts';
import { bundleFile } from '../lib/module-file.ts';
import { writeClient } from '../lib/write-client.ts';

export interface GenerateOptions {
  readonly module: string;
  readonly out: string;
  readonly check?: boolean;
}

export async function generate(options: GenerateOptions): Promise<void> {
  const bundle = await bundleFile(options.module);
  if (options.check) return await check(bundle, options);
  const { fileCount, written, deleted } = await writeClient(bundle, options.out);
  console.log(`${options.out}: ${fileCount} files, ${written.length} written, ${deleted.length} deleted`);
}

/** @throws Failure that names what is stale */
async function check(bundle: string, { module, out }: GenerateOptions): Promise<void> {
  const files = generateTypeScript(await describeModule(bundle));
  const { written, deleted } = await compareBindings(out, files);
  const stale = [...written, ...deleted];
  if (stale.length === 0) return console.log(`${out} is current: ${files.size} files`);
  const again = `helix generate --module ${module} --out ${out}`;
  throw new Failure(`${out} is stale, run \`${again}\`: ${stale.join(', ')}`);
}
