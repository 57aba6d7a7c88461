import type { TunnelReport } from '../../bindings/types.ts';

export type { TunnelReport };

/** What is known of the tunnels of this machine. */
export interface TunnelWatch {
  /** As they are now. */
  readonly tunnels: () => readonly TunnelReport[];
  /** Hears that something has changed; returns how to end that. */
  readonly onChange: (listener: () => void) => () => void;
}
