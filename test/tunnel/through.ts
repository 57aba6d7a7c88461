import { type Gate, openGate } from '../../infra/tunnel/gate/gate.ts';
import type { Openings, Services } from '../../infra/tunnel/index.ts';
import { CustomProvider } from '../../infra/tunnel/providers/custom.ts';
import { SupervisedTunnel } from '../../infra/tunnel/supervised.ts';
import { openRelay, type Relay } from './relay.ts';

/** A tunnel through the tests' own relay that is up. */
export interface Through {
  /** Where it is reached from outside. */
  readonly address: string;
  readonly gate: Gate;
  readonly tunnel: SupervisedTunnel;
  close(): Promise<void>;
}

export const closed: Openings = { web: false, pairing: false, webhooks: false };
export const gateToken = 'the-token-of-the-gate-and-of-nothing-else';

export async function openThrough(services: Services, openings: Partial<Openings> = {}): Promise<Through> {
  const relay: Relay = await openRelay();
  let tunnel: SupervisedTunnel;
  const address = () => tunnel.status.address;
  const gate = await openGate({ port: 0, services, openings: { ...closed, ...openings }, address, token: gateToken });
  const settings = { kind: 'custom' as const, command: [...relay.command], pattern: 'gives (\\S+)', passEnv: [] };
  const provider = new CustomProvider(settings);
  const pace = { backoff: { msMin: 10, msMax: 50 }, healthMs: 100, probeMsMax: 2000 };
  tunnel = new SupervisedTunnel({ provider, port: gate.port, probe: gate.probe, ...pace });
  await tunnel.start();
  return {
    address: relay.address,
    gate,
    tunnel,
    async close() {
      await tunnel.stop();
      await gate.close();
      await relay.close();
    },
  };
}
