import { Rejection } from '../errors.ts';
import { compile } from './compile.ts';
import type { CompiledModule } from './compiled.ts';
import type { ModuleDef } from './definition.ts';
import { describe } from './describe.ts';
import { type LoadedModule, ModuleInstance } from './instance.ts';
import { decodeRawModule } from './raw.ts';
import { inTime, Realm } from './realm.ts';
import { PublishRejection } from './rejection.ts';
import { noProcedureCalls, Syscalls } from './syscalls.ts';

/** Evaluates a compiled module once. @returns its description of itself @throws PublishRejection */
export type Evaluate = (compiled: CompiledModule, loadMsMax: number) => Uint8Array | Promise<Uint8Array>;

export interface LoadOptions {
  /** How long evaluating the bundle may take. 10 seconds by default. */
  readonly loadMsMax?: number;
  /** Default: in this thread, which does nothing else meanwhile. */
  readonly evaluate?: Evaluate;
}

const loadMsDefault = 10_000;

/**
 * Reads the bundle of a module and checks it.
 * @throws PublishRejection with everything that keeps it from being published, Rejection `bundle`
 */
export async function loadModule(bundle: string, options: LoadOptions = {}): Promise<LoadedModule> {
  const { loadMsMax = loadMsDefault, evaluate = selfDescription } = options;
  const compiled = await compile(bundle);
  const raw = await evaluate(compiled, loadMsMax);
  const def = definition(raw);
  return { def, raw, compiled, attach: (host) => new ModuleInstance(compiled, host, loadMsMax) };
}

/** The definition of a bundled module, without a database. @throws as loadModule */
export async function describeModule(bundle: string): Promise<ModuleDef> {
  return (await loadModule(bundle)).def;
}

/** Evaluates a compiled module in this thread. @returns its description of itself @throws PublishRejection */
export function selfDescription(compiled: CompiledModule, loadMsMax: number): Uint8Array {
  const realm = new Realm(compiled, new Syscalls(undefined, undefined, noProcedureCalls), loadMsMax);
  return inTime(loadMsMax, () => {
    try {
      return new Uint8Array(realm.hooks.__describe_module__());
    } catch (error) {
      // To look into what a module threw can run code of the module.
      throw new PublishRejection([`it fails to describe itself: ${realm.stackOf(error)}`]);
    }
  });
}

function definition(raw: Uint8Array): ModuleDef {
  try {
    return describe(decodeRawModule(raw));
  } catch (error) {
    if (!(error instanceof Rejection) || error instanceof PublishRejection) throw error;
    throw new PublishRejection([`its description of itself is damaged: ${error.message}`]);
  }
}
