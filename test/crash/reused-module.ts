import type { LoadedModule, ModuleHost, ModuleInstance } from '../../engine/module/instance.ts';
import { loadOnce } from '../../engine/testing/modules.ts';

interface Slot {
  host: ModuleHost;
  readonly instance: ModuleInstance;
}

const idle = new Map<string, Slot[]>();
const inUse = new Set<{ readonly bundle: string; readonly slot: Slot }>();

/**
 * Loads a module whose instances are used again by the next process of a history: evaluating a bundle takes longer than
 * a whole history does. Only for modules without variables of their own.
 */
export async function loadReused(bundle: string): Promise<LoadedModule> {
  const module = await loadOnce(bundle);
  return {
    ...module,
    attach(host) {
      const slot = idle.get(bundle)?.pop() ?? makeSlot(module, host);
      slot.host = host;
      inUse.add({ bundle, slot });
      return slot.instance;
    },
  };
}

/** Says that no database of this process uses its module any more. */
export function releaseInstances(): void {
  for (const { bundle, slot } of inUse) idle.set(bundle, [...(idle.get(bundle) ?? []), slot]);
  inUse.clear();
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
