import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../module/bundle.ts';
import type { LoadedModule } from '../module/instance.ts';
import { loadModule } from '../module/load.ts';

/** A module's entry file, or the text of its bundle. */
export type ModuleSource = string | URL | { readonly bundle: string };

const bundles = new Map<string, Promise<string>>();
const modules = new Map<string, Promise<LoadedModule>>();

/** The bundle of a module. A file is read once a process. @throws Rejection `bundle` */
export async function bundleOf(source: ModuleSource): Promise<string> {
  if (typeof source === 'object' && 'bundle' in source) return source.bundle;
  const file = resolve(typeof source === 'string' ? source : fileURLToPath(source));
  return await once(bundles, file, () => bundle(file));
}

/** Compiles and checks a bundle once a process; each database still gets an instance in a realm of its own. */
export function loadOnce(bundle: string): Promise<LoadedModule> {
  return once(modules, bundle, () => loadModule(bundle));
}

function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
