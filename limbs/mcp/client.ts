import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { type CallToolResult, ErrorCode, McpError, type Progress } from '@modelcontextprotocol/sdk/types.js';
import { LimbError, messageOf } from '../errors.ts';
import type { Output, Reply, RunResult, Tools } from '../sandbox/index.ts';
import { threadEntry } from '../threads/entry.ts';
import {
  errorDescription,
  errorMeta,
  runResultSchema,
  type SandboxDescription,
  sandboxDescription,
  sandboxMeta,
  streamMeta,
  streamName,
  toolCallRequest,
  toolName,
  toolsMeta,
} from './contract.ts';

export interface PythonToolOptions {
  /** The server's program and arguments; default the server built with this package. */
  readonly command?: readonly [program: string, ...args: string[]];
}

export interface PythonCall {
  readonly code: string;
  /** Default 10 000, at most `TIMEOUT_MS_MAX`. */
  readonly timeoutMs?: number;
  /** What the program may call. */
  readonly tools?: Tools | undefined;
}

interface Connection {
  readonly client: Client;
  readonly sandbox: SandboxDescription;
  /** The end of what the server complained about. */
  readonly complaint: () => string;
}

const complaintCharsMax = 4000;
/** The server itself ends every run in time; the longest timer Node has stands for "no other limit". */
const callMsMax = 2 ** 31 - 1;
/** Loading Pyodide a few times for its self-test takes long on a slow machine. */
const startMsMax = 120_000;

/** Python programs run by an MCP server in a process of its own, which is started when first needed, and again if it dies. */
export class PythonTool {
  readonly #command: readonly [program: string, ...args: string[]] | undefined;
  #connection: Promise<Connection> | undefined;
  #isClosed = false;
  /** The tools of the programs that run, by run. */
  readonly #offered = new Map<string, Tools>();

  constructor(options: PythonToolOptions = {}) {
    this.#command = options.command;
  }

  /** Which sandbox programs run in; throws `LimbError` with the server's reasons if there is none. */
  async describe(): Promise<SandboxDescription> {
    return (await this.#connect()).sandbox;
  }

  /**
   * Runs a program and gives its result, however it ended. `onOutput` hears whole lines while it runs. An aborted signal stops
   * the program and throws the signal's reason. Throws `LimbError` if the program could not be run.
   */
  async run(call: PythonCall, onOutput?: (output: Output) => void, signal?: AbortSignal): Promise<RunResult> {
    signal?.throwIfAborted();
    const connection = await this.#connect();
    signal?.throwIfAborted();
    const run = randomUUID();
    if (call.tools) this.#offered.set(run, call.tools);
    const input = { code: call.code, ...(call.timeoutMs === undefined ? {} : { timeout_ms: call.timeoutMs }) };
    const options = {
      timeout: callMsMax,
      ...(signal ? { signal } : {}),
      ...(onOutput ? { onprogress: (progress: Progress) => onOutput(outputOf(progress)) } : {}),
    };
    try {
      const meta = call.tools ? { _meta: { [toolsMeta]: { run, files: call.tools.files } } } : {};
      const result = await connection.client.callTool(
        { name: toolName, arguments: input, ...meta },
        undefined,
        options,
      );
      return resultOf(result as CallToolResult);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof McpError && error.code === ErrorCode.ConnectionClosed)) throw error;
      throw serverEnded(connection.complaint(), error);
    } finally {
      this.#offered.delete(run);
    }
  }

  /** Ends the server and whatever it runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.client.close();
  }

  /** Answers a program's call of a tool. Its run may be over already. */
  #answer(run: string, name: string, args: unknown): Promise<Reply> {
    const tools = this.#offered.get(run);
    return tools ? tools.call(name, args) : Promise.resolve({ error: 'this run may call no tools' });
  }

  #connect(): Promise<Connection> {
    if (this.#isClosed) throw new LimbError('python-closed', 'The Python tool was closed.');
    if (this.#connection) return this.#connection;
    const ended = () => {
      if (this.#connection === connecting) this.#connection = undefined;
    };
    const connecting = connect(this.#command ?? builtServer(), ended, (run, name, args) =>
      this.#answer(run, name, args),
    );
    connecting.catch(() => {
      if (this.#connection === connecting) this.#connection = undefined;
    });
    this.#connection = connecting;
    return connecting;
  }
}

function builtServer(): readonly [string, ...string[]] {
  return [process.execPath, fileURLToPath(threadEntry('mcp'))];
}

async function connect(
  [program, ...args]: readonly [string, ...string[]],
  onClose: () => void,
  answer: (run: string, name: string, args: unknown) => Promise<Reply>,
): Promise<Connection> {
  const environment = Object.fromEntries(
    ['HELIX_SANDBOX_MIN', 'HELIX_SANDBOX_ENGINE', 'XDG_RUNTIME_DIR', 'TMPDIR'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const transport = new StdioClientTransport({ command: program, args, env: environment, stderr: 'pipe' });
  let complaint = '';
  transport.stderr?.on('data', (bytes) => {
    complaint = (complaint + bytes).slice(-complaintCharsMax);
  });
  const client = new Client({ name: 'helix-limb', version: '1' });
  client.onclose = onClose;
  client.setRequestHandler(toolCallRequest, ({ params }) => answer(params.run, params.name, params.arguments));
  try {
    await client.connect(transport, { timeout: startMsMax });
    const { tools } = await client.listTools();
    const sandbox = sandboxDescription.parse(tools.find((tool) => tool.name === toolName)?._meta?.[sandboxMeta]);
    return { client, sandbox, complaint: () => complaint };
  } catch (cause) {
    await client.close();
    const reason = complaint.trim() || messageOf(cause);
    throw new LimbError('python-server-failed', `The Python server did not start: ${reason}`, { cause });
  }
}

function serverEnded(complaint: string, cause: unknown): LimbError {
  const words = complaint.trim() === '' ? 'It said nothing.' : `It said: ${complaint.trim()}`;
  return new LimbError('python-server-ended', `The Python server ended while the program ran. ${words}`, {
    cause,
    isRetryable: true,
  });
}

function outputOf(progress: Progress & { _meta?: unknown }): Output {
  const meta = progress._meta as Record<string, unknown> | undefined;
  return { stream: streamName.catch('stdout').parse(meta?.[streamMeta]), text: progress.message ?? '' };
}

function resultOf(result: CallToolResult): RunResult {
  if (!result.isError) return runResultSchema.parse(result.structuredContent);
  const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
  const { code, isRetryable } = errorDescription
    .catch({ code: 'python-failed', isRetryable: false })
    .parse(result._meta?.[errorMeta]);
  throw new LimbError(code, text, { isRetryable });
}
