import { once } from 'node:events';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { Container } from 'dockerode';
import { LimbError, messageOf } from '../../errors.ts';
import { programOf } from '../calls/program.ts';
import type { Limits, RunRequest } from '../engine.ts';
import type { Exit } from '../supervise.ts';
import { attach } from './attach.ts';
import type { ContainerHost } from './find.ts';
import { type ContainerKind, containerOptions } from './options.ts';

/** How long an engine may take to end a container before the run is given up. */
const endingMsMax = 10_000;

/** A started container whose shell waits for its program. */
export class WaitingContainer {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<Exit>;
  readonly #container: Container;
  #giveUp: (error: LimbError) => void = () => {};

  static async start(host: ContainerHost, limits: Limits, kind: ContainerKind): Promise<WaitingContainer> {
    let container: Container | undefined;
    try {
      container = await host.docker.createContainer(containerOptions(limits, kind));
      const stream = await attach(host.socketPath, container.id);
      await container.start();
      return new WaitingContainer(container, stream);
    } catch (cause) {
      await container?.remove({ force: true }).catch(() => {});
      throw new LimbError('sandbox-failed', `the engine made no container: ${messageOf(cause)}.`, { cause });
    }
  }

  private constructor(container: Container, stream: NodeJS.ReadWriteStream) {
    this.#container = container;
    this.stdin = stream as unknown as Writable;
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    container.modem.demuxStream(stream, stdout, stderr);
    const close = () => {
      stdout.end();
      stderr.end();
    };
    stream.once('end', close).once('close', close);
    const read = Promise.all([once(stdout, 'end'), once(stderr, 'end')]);
    // The program may end without reading what it is sent, which is its right.
    stream.on('error', () => {});
    this.stdout = stdout;
    this.stderr = stderr;
    const givenUp = new Promise<never>((_, reject) => {
      this.#giveUp = reject;
    });
    this.ended = Promise.race([this.#end(read), givenUp]);
    this.ended.catch(() => {});
  }

  send(request: RunRequest): void {
    const bytes = Buffer.from(programOf(request));
    this.stdin.write(`${bytes.length}\n`);
    this.stdin.write(bytes);
    if (!request.tools) this.stdin.end(request.stdin ?? '');
  }

  /** Ends every process in it, at once; what nobody has read by then is lost. */
  kill(): void {
    this.stdout.resume();
    this.stderr.resume();
    this.#container.kill().catch(() => {
      // It has ended by itself, or the engine does not answer: then the clock below speaks.
    });
    setTimeout(
      () => this.#giveUp(new LimbError('sandbox-failed', 'the engine did not end the container.')),
      endingMsMax,
    ).unref();
  }

  async #end(read: Promise<unknown>): Promise<Exit> {
    try {
      const { StatusCode } = (await this.#container.wait()) as { readonly StatusCode: number };
      await read;
      return { code: StatusCode, signal: null };
    } finally {
      await this.#container.remove({ force: true }).catch(() => {
        // Gone already, or it stays for the next start of the limb to remove.
      });
    }
  }
}
