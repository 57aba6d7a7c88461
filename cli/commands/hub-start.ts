import { resolve } from 'node:path';
import { bundle } from '../../engine/module/bundle.ts';
import { requireDatabaseName } from '../../engine/serve/http/database-name.ts';
import { interruption } from '../lib/interruption.ts';
import { checkFile } from '../lib/module-file.ts';
import type { ServeOptions } from '../lib/serve-module.ts';

export interface HubStartOptions extends ServeOptions {
  readonly module: string;
}

/** Hosts one module until it is asked to end. */
export async function hubStart({ module, ...options }: HubStartOptions): Promise<void> {
  const { signal } = interruption();
  requireDatabaseName(options.name);
  await checkFile(module);
  // The bundler works in a process of its own while the host is loaded and opened here.
  const bundling = bundle(module);
  bundling.catch(() => {});
  const { serveModule } = await import('../lib/serve-module.ts');
  await serveModule(bundling, { ...options, data: resolve(options.data) }, signal);
}
