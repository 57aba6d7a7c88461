import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LimbError } from '../../limbs/index.ts';
import { type PythonEndpoint, servePython, servePythonOverHttp } from '../../limbs/mcp/index.ts';
import { Sandbox } from '../../limbs/sandbox/index.ts';
import { version } from '../../package.json';
import { Failure } from '../lib/failure.ts';
import { readText, writeSecret } from '../lib/files.ts';
import { findHome } from '../lib/home.ts';
import { interruption, untilAborted } from '../lib/interruption.ts';

export interface SandboxMcpOptions {
  readonly port?: number;
  readonly tokenFile?: string;
}

const tokenBytes = 32;
const othersMayRead = 0o077;

/** Serves `run_python` to MCP clients until it is asked to end: over standard input and output, or over HTTP on a port. */
export async function sandboxMcp({ port, tokenFile }: SandboxMcpOptions): Promise<void> {
  const { signal } = interruption();
  try {
    if (port === undefined) await servePython(version, signal);
    else await serveHttp(port, await findToken(tokenFile), signal);
  } catch (error) {
    if (error instanceof LimbError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}

interface Token {
  readonly text: string;
  /** Where it is, in words. */
  readonly place: string;
}

async function serveHttp(port: number, token: Token, signal: AbortSignal): Promise<void> {
  const onError = (message: string): void => console.error(`helix: ${message}`);
  const sandbox = await Sandbox.open();
  let endpoint: PythonEndpoint | undefined;
  try {
    endpoint = await servePythonOverHttp(sandbox, { version, port, token: token.text, onError });
    const { engine, level, detail } = sandbox;
    console.log(`run_python is served at ${endpoint.url}, in ${engine} (${level}): ${detail}`);
    console.log(`Clients send the token that is in ${token.place}, such as with these settings:`);
    console.log(JSON.stringify(clientSettings(endpoint.url), undefined, 2));
    await untilAborted(new Promise<never>(() => {}), signal);
  } finally {
    await endpoint?.close();
    await sandbox.close();
  }
}

/** What MCP clients commonly take; the token stays in the client's own environment. */
function clientSettings(url: string) {
  const headers = { Authorization: `Bearer ${'$'}{HELIX_MCP_TOKEN}` };
  return { mcpServers: { python: { type: 'http', url, headers } } };
}

/** The token of `--token-file`, of HELIX_MCP_TOKEN, or of the data folder, where one is made when there is none. */
async function findToken(tokenFile: string | undefined): Promise<Token> {
  const given = process.env['HELIX_MCP_TOKEN'];
  if (tokenFile === undefined && given) return { text: given, place: 'HELIX_MCP_TOKEN' };
  const file = tokenFile ?? join(findHome().folder, 'mcp.token');
  let text = (await readText(file))?.trim();
  if (text === undefined) {
    if (tokenFile !== undefined) throw new Failure(`There is no token in ${file}: check the path`);
    text = randomBytes(tokenBytes).toString('base64url');
    await writeSecret(file, `${text}\n`);
  }
  if (((await stat(file)).mode & othersMayRead) !== 0)
    throw new Failure(`Others on this machine may read ${file}: run \`chmod 600 ${file}\``);
  return { text, place: file };
}
