import type { Database, Host } from '../../engine/index.ts';
import type { Client } from '../../engine/serve/contract.ts';
import { answer } from '../lib/answer.ts';
import { durableLoop, encodeArgs, silentClient } from '../lib/durable-loop.ts';
import { type Hosted, hostModule } from '../lib/open-host.ts';
import type { Run, Span } from '../lib/stats.ts';
import { Pairs, random } from '../lib/zipf.ts';
import { bank } from '../settings.ts';

/** A hub whose database is used without sockets, in its own process. */
export interface InsideAsks {
  /** @returns how long it took to open the data folder and to publish the module */
  start(argument: Hosted): Promise<number>;
  /** Calls a reducer with arguments as JSON and waits until it is durable. */
  call(argument: { readonly reducer: string; readonly json: string }): Promise<void>;
  /** The newest commit. */
  offset(argument: null): number;
  /** Gives each group of queries a client of its own. */
  subscribe(argument: readonly (readonly string[])[]): number;
  unsubscribe(argument: null): void;
  /** Transfers between the accounts of `modules/bank.ts`. */
  transfers(argument: Span & { readonly alpha: number }): Promise<Run>;
  /** Calls `touch(id)`: every other call takes one of the first `near` ids, the others any of `count`. */
  touches(argument: Span & { readonly near: number; readonly count: number }): Promise<Run>;
}

let host: Host | undefined;
let database: Database | undefined;
let subscribers: Client[] = [];

const asks: InsideAsks = {
  async start(hosted) {
    const startMs = performance.now();
    host = await hostModule(hosted);
    database = host.databases.find(hosted.name);
    return performance.now() - startMs;
  },
  async call({ reducer, json }) {
    await opened().callHttp({ identity: 1n, claims: '' }, reducer, json);
  },
  offset() {
    return opened().offset;
  },
  subscribe(groups) {
    let rowCount = 0;
    for (const queries of groups) {
      const client = silentClient((message) => {
        if (message.kind === 'subscription-error') throw new Error(message.message);
        if (message.kind === 'subscribe-applied') for (const { rows } of message.rows ?? []) rowCount += rows.rowCount;
      });
      opened().connect(client);
      opened().handle(
        [{ client, message: { kind: 'subscribe', requestId: 1, querySetId: 1, queries } as const }].values(),
      );
      subscribers.push(client);
    }
    return rowCount;
  },
  unsubscribe() {
    for (const client of subscribers) opened().disconnect(client);
    subscribers = [];
  },
  transfers({ alpha, ...span }) {
    const pairs = new Pairs(bank.accounts, alpha, bank.seed);
    return durableLoop(opened(), span, 'transfer', () => {
      pairs.advance();
      return encodeArgs(pairs.from, pairs.to, 1n);
    });
  },
  touches({ near, count, ...span }) {
    const next = random(bank.seed);
    let isNear = false;
    return durableLoop(opened(), span, 'touch', () => {
      isNear = !isNear;
      return encodeArgs(Math.floor(next() * (isNear ? near : count)));
    });
  },
};

answer(asks, () => host?.close());

function opened(): Database {
  if (!database) throw new Error('nothing has been started');
  return database;
}
