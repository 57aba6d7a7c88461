import type { KnownTunnel, TunnelFolder, TunnelStatus } from '../../infra/tunnel/index.ts';
import type { TunnelReport, TunnelWatch } from '../../limbs/index.ts';

const lookMs = 2000;

const states = {
  stopped: 'Stopped',
  starting: 'Starting',
  up: 'Up',
  unhealthy: 'Unhealthy',
  waiting: 'Waiting',
  failed: 'Failed',
} as const satisfies Record<TunnelStatus['state'], TunnelReport['state']['tag']>;

export interface FolderWatch extends TunnelWatch {
  stop(): void;
}

/**
 * Knows the tunnels of a folder, whichever process keeps them. It looks every 2 s: a process that was killed writes nothing
 * that one could wait for. What cannot be read is told once, and the limb works without it.
 */
export async function watchTunnels(folder: TunnelFolder, onFailure: (error: unknown) => void): Promise<FolderWatch> {
  const listeners = new Set<() => void>();
  let known: readonly TunnelReport[] = [];
  let toldFailure = '';
  const look = async (): Promise<void> => {
    try {
      const next = (await folder.list()).map(reportOf);
      toldFailure = '';
      if (JSON.stringify(next) === JSON.stringify(known)) return;
      known = next;
      for (const listener of listeners) listener();
    } catch (error) {
      if (String(error) !== toldFailure) onFailure(error);
      toldFailure = String(error);
    }
  };
  await look();
  const timer = setInterval(look, lookMs).unref();
  return {
    tunnels: () => known,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => clearInterval(timer),
  };
}

function reportOf({ definition, status }: KnownTunnel): TunnelReport {
  const { state, address = '', lastError = '' } = status;
  return { name: definition.name, kind: definition.provider.kind, state: { tag: states[state] }, address, lastError };
}
