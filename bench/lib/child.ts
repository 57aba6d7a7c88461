import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ProbeAsks } from './answer.ts';

const built = fileURLToPath(new URL('../dist/processes/', import.meta.url));

/** What a process can be asked, as functions of one argument; see `answer`. */
export type Asks<A> = { readonly [Name in keyof A]: (argument: never) => unknown };

type ArgumentOf<A extends Asks<A>, Name extends keyof A> = Parameters<A[Name]>[0];
type AnswerOf<A extends Asks<A>, Name extends keyof A> = Awaited<ReturnType<A[Name]>>;

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** A process of `bench/processes` that answers asks over its channel, one at a time or many. */
export class Child<A extends Asks<A>> {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastId = 0;

  /** `wrap` makes another command of the one that starts it, such as in another network. */
  constructor(
    name: string,
    nodeOptions: readonly string[] = [],
    wrap: (command: readonly string[]) => readonly string[] = (own) => own,
  ) {
    this.#name = name;
    const own = [process.execPath, '--enable-source-maps', ...nodeOptions, `${built}${name}.js`];
    const [program = '', ...args] = wrap(own);
    this.#process = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#process.on('message', (message) => this.#receive(message as Answer));
    this.#process.on('exit', (code, signal) => this.#fail(`ended with ${signal ?? code}`));
    this.#process.on('error', (error) => this.#fail(error.message));
  }

  /** Rejects when the child fails or does not answer within `timeoutMs`, 2 minutes by default. */
  ask<Name extends keyof (A & ProbeAsks) & string>(
    name: Name,
    argument: ArgumentOf<A & ProbeAsks, Name>,
    timeoutMs = 120_000,
  ): Promise<AnswerOf<A & ProbeAsks, Name>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id)?.reject(this.#error(`did not answer ${name}`)), timeoutMs);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      this.#waiting.set(id, {
        resolve: settled((value: unknown) => resolve(value as AnswerOf<A & ProbeAsks, Name>)),
        reject: settled(reject),
      });
      this.#process.send({ id, name, argument });
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Asks it to end by closing the channel; ends it by force after 5 s. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    const force = setTimeout(() => this.#process.kill('SIGKILL'), 5_000);
    this.#process.disconnect();
    await exited;
    clearTimeout(force);
  }

  #receive({ id, value, error }: Answer): void {
    const waiter = this.#settle(id);
    if (error === undefined) waiter?.resolve(value);
    else waiter?.reject(this.#error(error));
  }

  #settle(id: number) {
    const waiter = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiter;
  }

  #fail(why: string): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(this.#error(why));
  }

  #error(why: string): Error {
    return new Error(`the process ${this.#name}: ${why}`);
  }
}
