import { Pool } from 'undici';
import { BankConnection } from './bank-connection.ts';

/** One client of a bank, however it is reached. */
export interface BankClient {
  open(from: number, to: number, balance: number): Promise<unknown>;
  transfer(from: number, to: number, amount: number): Promise<unknown>;
  close(): unknown;
}

/** The official client over one WebSocket. */
export async function socketClient(url: string): Promise<BankClient> {
  const connection = await BankConnection.open(url);
  const { reducers } = connection;
  return {
    open: (from, to, balance) => reducers.open({ from, to, balance: BigInt(balance) }),
    transfer: (from, to, amount) => reducers.transfer({ from, to, amount: BigInt(amount) }),
    close: () => connection.disconnect(),
  };
}

/** JSON over HTTP, with as many kept connections as requests are in flight. */
export async function httpClient(url: string, inFlight: number): Promise<BankClient> {
  const pool = new Pool(url, { connections: inFlight, pipelining: 1 });
  const post = async (path: string, body: unknown) => {
    const response = await pool.request({ method: 'POST', path, body: JSON.stringify(body) });
    const text = await response.body.text();
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${text}`);
  };
  return {
    open: (from, to, balance) => post('/open', { from, to, balance }),
    transfer: (from, to, amount) => post('/transfer', { from, to, amount }),
    close: () => pool.close(),
  };
}
