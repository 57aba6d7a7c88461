import { TunnelError } from './errors.ts';
import type { TunnelFolder } from './folder.ts';
import { openGate } from './gate/gate.ts';
import { createProvider } from './providers/index.ts';
import { type SupervisedOptions, SupervisedTunnel } from './supervised.ts';
import type { Tunnel } from './tunnel.ts';

export type Pace = Pick<SupervisedOptions, 'backoff' | 'startMsMax' | 'healthMs' | 'probeMsMax'>;

export interface OpenTunnel {
  readonly tunnel: Tunnel;
  /** Stops it and closes its gate. */
  close(): Promise<void>;
}

/**
 * Opens a tunnel that was set up, with the gate that it leads to; `start` starts it. What it does is written into its
 * folder. @throws TunnelError `no-such-tunnel`, `tunnel-running`, `gate-port`
 */
export async function openTunnel(folder: TunnelFolder, name: string, pace: Pace = {}): Promise<OpenTunnel> {
  const { definition, pid } = await folder.require(name);
  if (pid !== undefined) {
    throw new TunnelError(
      'tunnel-running',
      `The tunnel ${name} runs already, in process ${pid}: \`helix tunnel down ${name}\``,
    );
  }
  const { provider, services, openings, gatePort } = definition;
  let tunnel: SupervisedTunnel;
  const address = () => tunnel.status.address;
  const gate = await openGate({ port: gatePort, services, openings, address, token: await folder.token(name) });
  tunnel = new SupervisedTunnel({ provider: createProvider(provider), port: gate.port, probe: gate.probe, ...pace });
  folder.writeStatus(name, { ...tunnel.status, state: 'starting' });
  tunnel.onChange((status) => folder.writeStatus(name, status));
  return {
    tunnel,
    async close() {
      await tunnel.stop();
      await gate.close();
    },
  };
}
