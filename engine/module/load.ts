import { Rejection } from '../errors.ts';
import { compile } from './compile.ts';
import type { ModuleDef } from './definition.ts';
import { describe } from './describe.ts';
import { type LoadedModule, ModuleInstance } from './instance.ts';
import { decodeRawModule } from './raw.ts';
import { inTime, Realm } from './realm.ts';
import { PublishRejection } from './rejection.ts';
import { noProcedureCalls, Syscalls } from './syscalls.ts';

export interface LoadOptions {
  /** How long evaluating the bundle may take. 10 seconds by default. */
  readonly loadMsMax?: number;
}

const loadMsDefault = 10_000;

/**
 * Reads the bundle of a module and checks it.
 * @throws PublishRejection with everything that keeps it from being published, Rejection `bundle`
 */
export async function loadModule(bundle: string, options: LoadOptions = {}): Promise<LoadedModule> {
  const loadMsMax = options.loadMsMax ?? loadMsDefault;
  const compiled = await compile(bundle);
  const realm = new Realm(compiled, new Syscalls(undefined, undefined, noProcedureCalls), loadMsMax);
  const raw = selfDescription(realm, loadMsMax);
  const def = definition(raw);
  return { def, raw, compiled, attach: (host) => new ModuleInstance(compiled, host, loadMsMax) };
}

/** The definition of a bundled module, without a database. @throws as loadModule */
export async function describeModule(bundle: string): Promise<ModuleDef> {
  return (await loadModule(bundle)).def;
}

function selfDescription(realm: Realm, limitMs: number): Uint8Array {
  try {
    return inTime(limitMs, () => new Uint8Array(realm.hooks.__describe_module__()));
  } catch (error) {
    if (error instanceof PublishRejection) throw error;
    throw new PublishRejection([`it fails to describe itself: ${realm.stackOf(error)}`]);
  }
}

function definition(raw: Uint8Array): ModuleDef {
  try {
    return describe(decodeRawModule(raw));
  } catch (error) {
    if (!(error instanceof Rejection) || error instanceof PublishRejection) throw error;
    throw new PublishRejection([`its description of itself is damaged: ${error.message}`]);
  }
}
