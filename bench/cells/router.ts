import { Router } from '../../limbs/models/router.ts';
import { modelsConfig } from '../../limbs/testing/models.ts';
import { says, startOpenAiServer } from '../../limbs/testing/openai-server.ts';
import { atMost, type Cell } from '../lib/cell.ts';
import { percentile } from '../lib/stats.ts';

const warmupCount = 50;
const callCount = 1000;
const question = 'What is a lease, and how does it end?';
const answer = 'A lease is a claim with an attempt number. '.repeat(4);

/** What a call through the router takes beyond the same call without it. */
export const routerCell: Cell = {
  name: 'router',
  title: 'A streamed answer through the model router, beside the same request by fetch',
  async run() {
    const server = await startOpenAiServer(says(answer));
    const router = new Router(modelsConfig([{ baseUrl: server.baseUrl }]));
    const model = router.reason();
    if (!model) throw new Error('the router has no model');
    const routed = () =>
      model.turn({
        messages: [{ role: 'user', text: question }],
        tools: [],
        tokensOutMax: 100,
        signal: new AbortController().signal,
        spend: (step) => step.take(),
      });
    const body = JSON.stringify({
      model: 'test-model',
      messages: [{ role: 'user', content: question }],
      stream: true,
      max_tokens: 100,
      stream_options: { include_usage: true },
    });
    const headers = { 'content-type': 'application/json' };
    const direct = async () =>
      (await fetch(`${server.baseUrl}/chat/completions`, { method: 'POST', headers, body })).text();
    const timed = async (act: () => Promise<unknown>): Promise<number> => {
      const startMs = performance.now();
      await act();
      return performance.now() - startMs;
    };
    const [withRouter, without, overhead]: [number[], number[], number[]] = [[], [], []];
    for (let call = -warmupCount; call < callCount; call++) {
      // Which of the two goes first alternates.
      const routedFirst = call % 2 === 0 ? await timed(routed) : undefined;
      const directMs = await timed(direct);
      const routedMs = routedFirst ?? (await timed(routed));
      if (call < 0) continue;
      withRouter.push(routedMs);
      without.push(directMs);
      overhead.push(routedMs - directMs);
    }
    await router.close();
    await server.close();
    const row = (what: string, ms: readonly number[]) => [
      what,
      percentile(ms, 50).toFixed(2),
      percentile(ms, 99).toFixed(2),
    ];
    return {
      tables: [
        {
          columns: ['call', 'p50 ms', 'p99 ms'],
          rows: [row('fetch', without), row('router', withRouter), row('difference', overhead)],
        },
      ],
      bars: [
        atMost('overhead p50', percentile(overhead, 50), 2, ' ms'),
        atMost('overhead p99', percentile(overhead, 99), 8, ' ms'),
      ],
      rounds: 'one run',
      notes: [
        `${callCount} pairs of calls one after the other; the server of the OpenAI protocol is in the same process.`,
      ],
    };
  },
};
