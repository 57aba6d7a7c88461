import type { Span } from './lib/stats.ts';

export const bank = {
  accounts: 100_000,
  balance: 1_000_000,
  alphas: [0, 1.5],
  /** Connections, or pools of connections, of the load process. */
  clients: 8,
  inFlight: [1, 40],
  seed: 20_241,
} as const;

export interface Settings extends Span {
  readonly rounds: number;
}

export const full: Settings = { rounds: 5, warmupMs: 1_000, measureMs: 3_000 };
export const quick: Settings = { rounds: 1, warmupMs: 500, measureMs: 1_000 };
