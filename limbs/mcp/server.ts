import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult, ProgressNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import { LimbError } from '../errors.ts';
import type { Output, Reply, RunResult, Sandbox, Tools } from '../sandbox/index.ts';
import {
  callMethod,
  errorMeta,
  offeredTools,
  runPythonInput,
  runPythonOutput,
  type SandboxDescription,
  sandboxMeta,
  streamMeta,
  toolCallReply,
  toolName,
  toolsMeta,
} from './contract.ts';

const toolDescription =
  'Runs a Python program in a locked sandbox and gives back what it printed. Each run starts from nothing: no network, no ' +
  'files of this machine, the standard library, and a small scratch folder at /tmp that is gone afterwards.';

/** An MCP server with one tool, `run_python`, which runs in `sandbox`. */
export function pythonServer(sandbox: Sandbox, version: string): McpServer {
  const { engine, level, detail } = sandbox;
  const server = new McpServer({ name: 'helix-python', version });
  server.registerTool(
    toolName,
    {
      title: 'Run Python',
      description: toolDescription,
      inputSchema: runPythonInput,
      outputSchema: runPythonOutput,
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: false, openWorldHint: false },
      _meta: { [sandboxMeta]: { engine, level, detail } satisfies SandboxDescription },
    },
    async (input, { signal, sendNotification, sendRequest, _meta }) => {
      const progress = new Progress(_meta?.progressToken, sendNotification);
      const request = {
        code: input.code,
        ...(input.timeout_ms === undefined ? {} : { limits: { timeMs: input.timeout_ms } }),
        onOutput: (output: Output) => progress.add(output),
        ...toolsOf(_meta?.[toolsMeta], (params) =>
          // The SDK knows the usual requests by their types only.
          sendRequest({ method: callMethod, params } as unknown as ServerRequest, toolCallReply, { signal }),
        ),
      };
      try {
        const result = await sandbox.run(request, signal);
        await progress.flush();
        return { content: [{ type: 'text', text: asText(result) }], structuredContent: { ...result } };
      } catch (error) {
        if (error instanceof LimbError) return failure(error);
        throw error;
      }
    },
  );
  return server;
}

/** The tools that the client offers to the program, each call of which goes back to it. */
function toolsOf(
  meta: unknown,
  call: (params: { run: string; name: string; arguments: unknown }) => Promise<Reply>,
): { tools?: Tools } {
  if (meta === undefined) return {};
  const { run, files } = offeredTools.parse(meta);
  return { tools: { files, call: (name, args) => call({ run, name, arguments: args }) } };
}

function failure(error: LimbError): CallToolResult {
  const { code, isRetryable } = error;
  return {
    isError: true,
    content: [{ type: 'text', text: error.message }],
    _meta: { [errorMeta]: { code, isRetryable } },
  };
}

function asText(result: RunResult): string {
  const parts = [result.message];
  if (result.stdout !== '') parts.push(`stdout:\n${result.stdout}${result.stdoutTruncated ? '\n(cut off here)' : ''}`);
  if (result.stderr !== '') parts.push(`stderr:\n${result.stderr}${result.stderrTruncated ? '\n(cut off here)' : ''}`);
  return parts.join('\n\n');
}

/** Sends output on as progress: lines of one turn of the event loop go together, so that many short ones stay few messages. */
class Progress {
  #sent = 0;
  #waiting: Output | undefined;
  #last: Promise<void> = Promise.resolve();
  readonly #token: string | number | undefined;
  readonly #send: (notification: ProgressNotification) => Promise<void>;

  constructor(token: string | number | undefined, send: (notification: ProgressNotification) => Promise<void>) {
    this.#token = token;
    this.#send = send;
  }

  add(output: Output): void {
    if (this.#token === undefined) return;
    if (this.#waiting?.stream === output.stream) {
      this.#waiting = { stream: output.stream, text: this.#waiting.text + output.text };
      return;
    }
    this.#sendWaiting();
    this.#waiting = output;
    setImmediate(() => this.#sendWaiting());
  }

  flush(): Promise<void> {
    this.#sendWaiting();
    return this.#last;
  }

  #sendWaiting(): void {
    if (!this.#waiting || this.#token === undefined) return;
    const { stream, text } = this.#waiting;
    this.#waiting = undefined;
    this.#sent += 1;
    const notification: ProgressNotification = {
      method: 'notifications/progress',
      params: { progressToken: this.#token, progress: this.#sent, message: text, _meta: { [streamMeta]: stream } },
    };
    // A client that has gone away hears nothing more, and its run is cancelled by that.
    this.#last = this.#last.then(() => this.#send(notification)).catch(() => {});
  }
}
