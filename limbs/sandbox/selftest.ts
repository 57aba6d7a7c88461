import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LimbError } from '../errors.ts';
import type { SandboxEngine } from './engine.ts';

const selfTestLimits = { timeMs: 20_000 };

/**
 * Runs real programs: one must work, one must fail to read a file that everybody may read, and one must fail to reach a
 * server that listens on loopback. Throws `LimbError` with what was seen instead.
 */
export async function selfTest(engine: SandboxEngine): Promise<void> {
  await expectOutput(engine, 'print(1 + 1)', '2\n', 'print(1 + 1)');
  const folder = await mkdtemp(join(tmpdir(), 'helix-self-test-'));
  const server = createServer((socket) => socket.destroy());
  try {
    const secret = join(folder, 'secret');
    await writeFile(secret, 'secret', { mode: 0o644 });
    await expectOutput(
      engine,
      reading([secret, '/etc/passwd', process.execPath]),
      'refused\n',
      'reading files of the host',
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expectOutput(engine, connecting(port), 'refused\n', 'connecting to loopback');
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
}

async function expectOutput(engine: SandboxEngine, code: string, expected: string, what: string): Promise<void> {
  const result = await engine.run({ code, limits: selfTestLimits });
  if (result.outcome === 'exited' && result.stdout === expected) return;
  const seen = `${result.message} ${result.stdout}${result.stderr}`.trim().slice(0, 500);
  throw new LimbError(
    'sandbox-failed',
    `the self-test "${what}" expected ${JSON.stringify(expected)} and saw: ${seen}`,
  );
}

function reading(paths: readonly string[]): string {
  return `
found = []
for path in ${JSON.stringify(paths)}:
    for root in ['', '/proc/1/root', '/proc/self/root/../..']:
        try:
            # A name of the host may stand for nothing at all.
            if open(root + path, 'rb').read(1): found.append(root + path)
        except OSError:
            pass
print(found or 'refused')
`;
}

function connecting(port: number): string {
  return `
import socket
try:
    socket.create_connection(('127.0.0.1', ${port}), timeout=5)
    print('connected')
except OSError:
    print('refused')
`;
}
