import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { threadEntry } from '../../threads/entry.ts';
import { type Parsed, refuse } from '../formats/parsed.ts';
import type { Kind } from '../kinds.ts';
import type { ConvertedMessage, ConvertMessage } from './messages.ts';

const heapMebibytesMax = 512;
const residentBytesMax = 1024 * 1024 * 1024;
const lookEveryMs = 100;

export interface Converter {
  /** The structure of a file. Throws `LimbError` about the document, also when it takes too long or too much memory. */
  convert(kind: Kind, path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<Parsed>;
  close(): void;
}

/** Reads documents in a process of its own, which is started when it is needed and again after it was ended. */
export function openConverter({ timeMs = 60_000 } = {}): Converter {
  let child: ChildProcess | undefined;
  const start = (): ChildProcess => {
    const started = fork(threadEntry('limb-convert'), {
      execArgv: [`--max-old-space-size=${heapMebibytesMax}`],
      serialization: 'advanced',
      // No key and no token of the limb is in its environment.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    started.once('exit', () => {
      if (child === started) child = undefined;
    });
    child = started;
    return started;
  };
  return {
    async convert(kind, path, bytes, signal) {
      signal?.throwIfAborted();
      const worker = child ?? start();
      const message: ConvertMessage = { kind, path, bytes };
      const answer = await ask(worker, message, timeMs, signal);
      if ('reason' in answer) throw refuse(answer.reason);
      return answer.parsed;
    },
    close() {
      child?.kill('SIGKILL');
      child = undefined;
    },
  };
}

function ask(
  worker: ChildProcess,
  message: ConvertMessage,
  timeMs: number,
  signal: AbortSignal | undefined,
): Promise<ConvertedMessage> {
  return new Promise((resolve, reject) => {
    let ending = '';
    const end = (why: string) => {
      ending ||= why;
      worker.kill('SIGKILL');
    };
    const timer = setTimeout(() => end(`it took more than ${timeMs / 1000} s to read`), timeMs);
    const tooLarge = `it takes more than ${residentBytesMax / 1024 ** 2} MiB of memory to read`;
    const watch = setInterval(() => {
      void residentBytes(worker.pid).then((bytes) => {
        if (bytes > residentBytesMax) end(tooLarge);
      });
    }, lookEveryMs);
    const abort = () => end('it was not waited for');
    const settle = () => {
      clearTimeout(timer);
      clearInterval(watch);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      signal?.removeEventListener('abort', abort);
    };
    const onMessage = (answer: ConvertedMessage) => {
      // The process is about to end: it must not be asked again.
      if (ending !== '') return;
      settle();
      resolve(answer);
    };
    const onExit = () => {
      settle();
      if (signal?.aborted) reject(signal.reason);
      else resolve({ reason: ending || tooLarge });
    };
    worker.once('message', onMessage);
    worker.once('exit', onExit);
    signal?.addEventListener('abort', abort, { once: true });
    worker.send(message, (error) => {
      if (error) end(`its reader ended (${error.message})`);
    });
  });
}

/** Only Linux tells; elsewhere the heap's bound and the time limit stand alone. */
async function residentBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}
