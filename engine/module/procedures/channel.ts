import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { BufferTooSmall, SyscallFailure } from '../failure.ts';
import { type Answer, type FromThread, type HostCalls, signalAt } from './messages.ts';

/** A thread's line to its host. A call blocks the thread until the host has answered. */
export class Channel {
  readonly #port: MessagePort;
  readonly #signal: Int32Array;

  constructor(port: MessagePort, signal: SharedArrayBuffer) {
    this.#port = port;
    this.#signal = new Int32Array(signal);
  }

  call<Name extends keyof HostCalls>(name: Name, ...args: Parameters<HostCalls[Name]>): ReturnType<HostCalls[Name]> {
    this.tell({ kind: 'call', name, args: args.map(own) });
    // The host puts the answer into the port before it raises the signal. To be woken is not to be answered: who goes on
    // as soon as the signal is up and calls again is woken by the notice that belonged to the answer before.
    while (Atomics.load(this.#signal, signalAt.answered) === 0) Atomics.wait(this.#signal, signalAt.answered, 0);
    Atomics.store(this.#signal, signalAt.answered, 0);
    const received = receiveMessageOnPort(this.#port) as { readonly message: Answer };
    return read(received.message) as ReturnType<HostCalls[Name]>;
  }

  tell(message: FromThread): void {
    this.#port.postMessage(message);
    // Wakes a host that waits for nothing else.
    Atomics.add(this.#signal, signalAt.told, 1);
    Atomics.notify(this.#signal, signalAt.told);
  }
}

/** Posting a view would copy all of the buffer behind it. */
function own(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, own(part)]));
}

function read(answer: Answer): unknown {
  switch (answer.kind) {
    case 'value':
      return answer.value;
    case 'failure':
      throw new SyscallFailure(answer.code, answer.message);
    case 'too-small':
      throw new BufferTooSmall(answer.bytesNeeded);
    case 'fatal':
      throw new Error(answer.message);
  }
}
