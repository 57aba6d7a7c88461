import { setImmediate } from 'node:timers/promises';
import { answer } from '../lib/answer.ts';
import { openSqliteBank } from '../lib/sqlite-bank.js';
import { Latencies } from '../lib/stats.ts';
import { Pairs } from '../lib/zipf.ts';
import { bank } from '../settings.ts';

// The bank in SQLite in this process, without a server: one transaction a transfer.

const batchCalls = 64;
let sqlite;

answer({
  start({ file, synchronous }) {
    sqlite = openSqliteBank(file, synchronous);
    sqlite.open(0, bank.accounts, bank.balance);
  },
  async transfers({ alpha, warmupMs, measureMs }) {
    const pairs = new Pairs(bank.accounts, alpha, bank.seed);
    const latencies = new Latencies();
    const fromMs = performance.now() + warmupMs;
    const untilMs = fromMs + measureMs;
    let completed = 0;
    for (let startMs = performance.now(); startMs < untilMs; ) {
      for (let i = 0; i < batchCalls; i++) {
        pairs.advance();
        sqlite.transfer(pairs.from, pairs.to, 1);
        const endMs = performance.now();
        if (startMs >= fromMs && endMs < untilMs) {
          completed += 1;
          latencies.add(endMs - startMs);
        }
        startMs = endMs;
      }
      await setImmediate();
      startMs = performance.now();
    }
    return { perSecond: completed / (measureMs / 1000), p50Ms: latencies.ms(50), p99Ms: latencies.ms(99) };
  },
});
