import type { LoadedModule, ModuleHost, ModuleInstance } from '../module/instance.ts';
import { loadOnce } from './modules.ts';

interface Slot {
  host: ModuleHost;
  readonly instance: ModuleInstance;
}

/**
 * Loads modules whose instances are used again by the next process of a history, because evaluating a bundle takes longer
 * than a whole history does. What a module keeps in variables of its own outlives a process then, as it never really does.
 */
export class ReusedModules {
  readonly #idle = new Map<string, Slot[]>();
  readonly #inUse = new Set<{ readonly bundle: string; readonly slot: Slot }>();

  /** In the place of `loadModule`. */
  readonly load = async (bundle: string): Promise<LoadedModule> => {
    const module = await loadOnce(bundle);
    return {
      ...module,
      attach: (host) => {
        const slot = this.#idle.get(bundle)?.pop() ?? makeSlot(module, host);
        slot.host = host;
        this.#inUse.add({ bundle, slot });
        return slot.instance;
      },
    };
  };

  /** Says that no database uses its module any more. */
  release(): void {
    for (const { bundle, slot } of this.#inUse) this.#idle.set(bundle, [...(this.#idle.get(bundle) ?? []), slot]);
    this.#inUse.clear();
  }
}

function makeSlot(module: LoadedModule, first: ModuleHost): Slot {
  let slot: Slot | undefined;
  const present = () => slot?.host ?? first;
  // An instance keeps the readers that it was given.
  const reader: ModuleHost['reader'] = (table) => delegate(() => present().reader(table));
  const host = delegate(present, { reader });
  slot = { host: first, instance: module.attach(host) };
  return slot;
}

/** An object that stands for whatever `target` returns at the moment. */
function delegate<T extends object>(target: () => T, own: Partial<T> = {}): T {
  return new Proxy(target(), {
    get(_, key) {
      if (key in own) return Reflect.get(own, key);
      const value: unknown = Reflect.get(target(), key);
      return typeof value === 'function' ? value.bind(target()) : value;
    },
  });
}
