import { once } from 'node:events';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { Sandbox } from '../sandbox/index.ts';
import { pythonServer } from './server.ts';

/** Serves `run_python` over standard input and output until the client is gone; throws `LimbError` without a sandbox. */
export async function servePython(version: string): Promise<void> {
  const sandbox = await Sandbox.open();
  try {
    const server = pythonServer(sandbox, version);
    const gone = once(process.stdin, 'close');
    await server.connect(new StdioServerTransport());
    await gone;
    await server.close();
  } finally {
    await sandbox.close();
  }
}
