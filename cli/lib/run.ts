import { Rejection } from '../../engine/errors.ts';
import { TunnelError } from '../../infra/tunnel/errors.ts';
import { Failure } from './failure.ts';
import { Interrupted } from './interruption.ts';

/**
 * Runs a command and sets the exit code: 0 when it succeeds, 1 with one sentence on standard error when it does not, 130
 * when Ctrl-C ended it. HELIX_DEBUG=1 adds where an error came from.
 */
export async function run(command: () => Promise<void>): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read has seen enough, as `head` has.
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  try {
    await command();
  } catch (error) {
    if (error instanceof Interrupted) process.exitCode = error.exitCode;
    else {
      process.exitCode = 1;
      console.error(`helix: ${sentence(error)}`);
    }
  }
  // What a library left open, such as a socket that is closing, must not keep the command from ending.
  await flush(process.stdout);
  await flush(process.stderr);
  process.exit();
}

function sentence(error: unknown): string {
  if (process.env['HELIX_DEBUG'] === '1' && error instanceof Error) return error.stack ?? error.message;
  const isToldWell = error instanceof Failure || error instanceof Rejection || error instanceof TunnelError;
  if (isToldWell) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return `${message} (this is unexpected: run it again with HELIX_DEBUG=1 to see where it comes from)`;
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
