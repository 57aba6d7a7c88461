import { once } from 'node:events';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { Sandbox } from '../sandbox/index.ts';
import { pythonServer } from './server.ts';

/**
 * Serves `run_python` over standard input and output until the client is gone or the signal aborts; throws `LimbError`
 * without a sandbox.
 */
export async function servePython(version: string, signal: AbortSignal = new AbortController().signal): Promise<void> {
  const sandbox = await Sandbox.open();
  try {
    const server = pythonServer(sandbox, version);
    const gone = Promise.race([once(process.stdin, 'close'), aborted(signal)]);
    await server.connect(new StdioServerTransport());
    await gone;
    await server.close();
  } finally {
    await sandbox.close();
  }
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort');
}
