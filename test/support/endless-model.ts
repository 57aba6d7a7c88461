import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of the OpenAI protocol whose model never comes to an end, and says when somebody stops listening. */
export interface EndlessModel {
  /** Its base address. */
  readonly url: string;
  /** Settles with the time (`performance.now()`) when the connection of an answer was closed by who asked, in turn. */
  abandoned(): Promise<number>;
  close(): Promise<void>;
}

export async function startEndlessModel(): Promise<EndlessModel> {
  const ends: number[] = [];
  let onEnd: () => void = () => {};
  const server = createServer((request, response) => {
    if (!request.url?.endsWith('/chat/completions')) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ object: 'list', data: [] }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => say(response, 'and so on '), 20);
    response.once('close', () => {
      clearInterval(timer);
      ends.push(performance.now());
      onEnd();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async abandoned() {
      while (ends.length === 0) await new Promise<void>((resolve) => (onEnd = resolve));
      return ends.shift() ?? Number.NaN;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function say(response: ServerResponse, content: string): void {
  const choices = [{ index: 0, delta: { content }, finish_reason: null }];
  const chunk = { id: 'chunk', object: 'chat.completion.chunk', created: 0, model: 'endless', choices };
  response.write(`data: ${JSON.stringify(chunk)}\n\n`);
}
