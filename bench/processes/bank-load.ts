import { answer } from '../lib/answer.ts';
import { type BankClient, httpClient, socketClient } from '../lib/bank-client.ts';
import { closedLoops, type Run, type Span } from '../lib/stats.ts';
import { Pairs } from '../lib/zipf.ts';
import { bank } from '../settings.ts';

export interface BankLoadAsks {
  connect(argument: { readonly kind: 'socket' | 'http'; readonly url: string }): Promise<void>;
  openAccounts(argument: null): Promise<void>;
  run(argument: Span & { readonly inFlight: number; readonly alpha: number }): Promise<Run>;
}

const accountsAtOnce = 10_000;
const inFlightMax = Math.max(...bank.inFlight);
const pairsOf = new Map(bank.alphas.map((alpha) => [alpha as number, new Pairs(bank.accounts, alpha, bank.seed)]));
let clients: BankClient[] = [];

const asks: BankLoadAsks = {
  async connect({ kind, url }) {
    const open = () => (kind === 'socket' ? socketClient(url) : httpClient(url, inFlightMax));
    clients = await Promise.all(Array.from({ length: bank.clients }, open));
  },
  async openAccounts() {
    for (let from = 0; from < bank.accounts; from += accountsAtOnce) {
      await clients[0]?.open(from, Math.min(bank.accounts, from + accountsAtOnce), bank.balance);
    }
  },
  run({ inFlight, alpha, warmupMs, measureMs }) {
    const pairs = pairsOf.get(alpha);
    if (!pairs) throw new Error(`no pairs were drawn for alpha ${alpha}`);
    return closedLoops(clients.length * inFlight, { warmupMs, measureMs }, async (slot) => {
      pairs.advance();
      await clients[slot % clients.length]?.transfer(pairs.from, pairs.to, 1);
    });
  },
};

answer(asks, () => {
  for (const client of clients) client.close();
});
