import { type Hub, type HubOptions, openHub } from './hub.ts';
import { interruption, untilAborted } from './interruption.ts';

export interface ClientOptions extends HubOptions {
  readonly json?: boolean;
}

/** Runs a command that needs a hub: connects, does the work, and lets go, also after Ctrl-C. */
export async function runOnHub(
  options: HubOptions,
  work: (hub: Hub, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { signal, stop } = interruption();
  try {
    const hub = await untilAborted(openHub(options), signal);
    try {
      await work(hub, signal);
    } finally {
      hub.close();
    }
  } finally {
    stop();
  }
}
