import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a client sent to the chat or embeddings endpoint. */
export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
  /** Counts the requests from 0. */
  readonly index: number;
  readonly atMs: number;
}

/** Answers one request, in whatever way a server may. */
export type Reply = (response: ServerResponse, asked: Asked) => void | Promise<void>;

export interface OpenAiServer {
  readonly baseUrl: string;
  /** What was asked, in its order. */
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

/** A server of the OpenAI protocol that answers the n-th request by the n-th reply, and from then on by the last. */
export function startOpenAiServer(...replies: readonly [Reply, ...Reply[]]): Promise<OpenAiServer> {
  return startOpenAiServerAt(0, ...replies);
}

/** The same at a port; 0 takes a free one. */
export async function startOpenAiServerAt(
  port: number,
  ...replies: readonly [Reply, ...Reply[]]
): Promise<OpenAiServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const { headers, url = '' } = request;
    const index = asked.length;
    const entry = { path: url, headers, body: JSON.parse((await textOf(request)) || '{}'), index, atMs: Date.now() };
    asked.push(entry);
    const reply = replies[Math.min(index, replies.length - 1)] ?? replies[0];
    await reply(response, entry);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

const usualUsage: Usage = { prompt_tokens: 10, completion_tokens: 5 };

/** A whole answer, streamed word by word; without usage where none is given. */
export function says(text: string, usage: Usage | null = usualUsage): Reply {
  return (response) => {
    begin(response);
    for (const word of text.split(/(?<= )/)) response.write(chunk({ content: word }));
    response.write(chunk({}, 'stop'));
    if (usage) response.write(`data: ${JSON.stringify({ choices: [], usage })}\n\n`);
    response.end('data: [DONE]\n\n');
  };
}

/** Calls tools, each by its name and arguments. */
export function calls(...tools: readonly (readonly [name: string, args: unknown])[]): Reply {
  return (response) => {
    begin(response);
    for (const [index, [name, args]] of tools.entries()) {
      const call = {
        index,
        id: `call-${index}`,
        type: 'function',
        function: { name, arguments: JSON.stringify(args) },
      };
      response.write(chunk({ tool_calls: [call] }));
    }
    response.write(chunk({}, 'tool_calls'));
    response.write(`data: ${JSON.stringify({ choices: [], usage: usualUsage })}\n\n`);
    response.end('data: [DONE]\n\n');
  };
}

/** Refuses with a status. */
export function refuses(status: number, message: string, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ error: { message } }));
  };
}

/** Begins to answer and then cuts the connection. */
export function cutsAfter(text: string): Reply {
  return (response) => {
    begin(response);
    response.write(chunk({ content: text }), () => setTimeout(() => response.destroy(), 5));
  };
}

/** Begins to answer, with any bytes, and then says nothing more. */
export function stopsAfter(bytes: string): Reply {
  return (response) => {
    begin(response);
    response.write(bytes === '' ? ': alive\n\n' : bytes);
  };
}

/** Sends these bytes as the whole stream. */
export function sends(bytes: string, type = 'text/event-stream'): Reply {
  return (response) => {
    response.writeHead(200, { 'content-type': type });
    response.end(bytes);
  };
}

/** One piece of a streamed answer as bytes. */
export function chunk(delta: object, finishReason: string | null = null): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`;
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const bytes of request) text += bytes;
  return text;
}
