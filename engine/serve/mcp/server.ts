import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import { Rejection } from '../../errors.ts';
import type { Database, HttpCaller } from '../contract.ts';
import { toolsOf } from './tools.ts';

const protocolVersion = '1';

/**
 * Answers one message of the Model Context Protocol (streamable HTTP, JSON answers). Nothing is kept between messages:
 * every request says by its token who asks.
 */
export async function answerMcp(
  request: Request,
  message: unknown,
  database: Database,
  caller: HttpCaller,
  report: (error: unknown) => void,
): Promise<Response> {
  const server = new Server(
    { name: `helix-${database.identity.toString(16).padStart(64, '0').slice(0, 16)}`, version: protocolVersion },
    {
      capabilities: { tools: {} },
      instructions:
        'The tools are the reducers and procedures of one database. `schema` says what there is, `sql` reads it. ' +
        'Whatever a tool does, it does with the rights of whoever is connected.',
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: toolsOf(database, caller).map(({ name, description, inputSchema, isReadOnly }) => ({
      name,
      description,
      inputSchema: { ...inputSchema, type: 'object' as const },
      annotations: { readOnlyHint: isReadOnly },
    })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }): Promise<CallToolResult> => {
    const tool = toolsOf(database, caller).find(({ name }) => name === params.name);
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `there is no tool ${params.name}`);
    try {
      return { content: [{ type: 'text', text: await tool.run(params.arguments ?? {}) }] };
    } catch (error) {
      if (!(error instanceof Rejection)) report(error);
      const text = error instanceof Rejection ? error.message : 'The server failed to answer. Its log says why.';
      return { isError: true, content: [{ type: 'text', text }] };
    }
  });
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  // The transport's optional callbacks are not declared for exactOptionalPropertyTypes.
  await server.connect(transport as Parameters<Server['connect']>[0]);
  try {
    return await transport.handleRequest(request, { parsedBody: message });
  } finally {
    await server.close();
  }
}
