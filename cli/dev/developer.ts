import { resolve } from 'node:path';
import pc from 'picocolors';
import { Rejection } from '../../engine/errors.ts';
import { bundle } from '../../engine/module/index.ts';
import { confirm } from '../lib/confirm.ts';
import { Failure } from '../lib/failure.ts';
import { formatLogLine, readLog } from '../lib/log-lines.ts';
import { type Plan, planPublish, publishBundle } from '../lib/publish.ts';
import type { Server } from '../lib/server.ts';
import { writeClient } from '../lib/write-client.ts';
import type { DevServerOptions } from './server.ts';
import { missedBy, sourcesOf, Watch } from './watch.ts';

export interface DevOptions extends DevServerOptions {
  readonly module: string;
  readonly out?: string;
  readonly breakClients?: boolean;
}

const followAgainMs = 1000;
/** What a new database has logged in its `init` before its log can be followed. */
const linesOfInitMax = 1000;

/** Publishes a module again whenever its files change, one publish at a time. */
export class Developer {
  readonly #server: Server;
  readonly #options: DevOptions;
  readonly #signal: AbortSignal;
  /** What is published, and has its bindings. */
  #bundle: string | undefined;
  /** The files that it was made from. */
  #sources: readonly string[];
  #isFollowingLog = false;

  constructor(server: Server, options: DevOptions, signal: AbortSignal) {
    this.#server = server;
    this.#options = options;
    this.#sources = [resolve(options.module)];
    this.#signal = signal;
  }

  /** Works until the signal aborts. */
  async run(): Promise<void> {
    let changed: () => void = () => {};
    let next = new Promise<void>((done) => {
      changed = done;
    });
    const watch = new Watch(() => changed());
    watch.follow(this.#sources);
    const aborted = new Promise<void>((done) => this.#signal.addEventListener('abort', () => done(), { once: true }));
    try {
      while (!this.#signal.aborted) {
        await this.#update(watch);
        await Promise.race([next, aborted]);
        next = new Promise<void>((done) => {
          changed = done;
        });
      }
    } finally {
      watch.close();
    }
  }

  /** Brings the server and the bindings up to date; what is wrong is shown, and the next change may put it right. */
  async #update(watch: Watch): Promise<void> {
    const startMs = performance.now();
    try {
      const text = await bundle(this.#options.module);
      this.#sources = sourcesOf(text, this.#options.module);
      watch.follow(this.#sources);
      if (text === this.#bundle) return;
      const done = await this.#publish(text);
      const bindings = await this.#generate(text);
      this.#bundle = text;
      const tookMs = Math.round(performance.now() - startMs);
      console.log(`${pc.green('✓')} ${[...done, ...bindings].join(', ')} ${pc.dim(`(${tookMs} ms)`)}`);
    } catch (error) {
      if (!(error instanceof Failure || error instanceof Rejection)) throw error;
      console.error(`${pc.red('✗')} ${error.message}`);
      watch.follow([...this.#sources, ...missedBy(error, this.#options.module)]);
    }
  }

  async #publish(text: string): Promise<string[]> {
    const { name } = this.#options;
    const plan = await planPublish(this.#server, name, text);
    const breakClients = await this.#agree(plan);
    const token = plan.kind === 'update' ? { token: plan.token } : {};
    const { op } = await publishBundle(this.#server, name, text, { breakClients, ...token });
    this.#followLog(op === 'created' ? linesOfInitMax : 0);
    const changes = plan.kind === 'update' ? [...plan.lines, ...plan.breaks.map((why) => `clients left: ${why}`)] : [];
    return [`${op} ${name}`, ...changes.filter((line) => line !== 'no changes to the schema')];
  }

  /** Whether clients may be disconnected. @throws Failure when this plan must not be carried out */
  async #agree(plan: Plan): Promise<boolean> {
    if (plan.kind === 'manual') {
      const { name, module } = this.#options;
      const hint = `undo the change, or delete the rows with \`helix publish ${name} --module ${module} --clear\``;
      throw new Failure(`The rows cannot be kept, the old code goes on; ${hint}:\n  ${plan.reasons.join('\n  ')}`);
    }
    if (plan.kind === 'create' || plan.breaks.length === 0) return false;
    if (this.#options.breakClients) return true;
    const why = `This ends the connections of clients with older bindings (${plan.breaks.join('; ')}).`;
    if (await confirm(`${why} Publish it?`, '--break-clients')) return true;
    throw new Failure('Not published: the old code goes on');
  }

  async #generate(text: string): Promise<string[]> {
    const { out } = this.#options;
    if (out === undefined) return [];
    const { written, deleted } = await writeClient(text, out);
    const count = written.length + deleted.length;
    return count === 0 ? [] : [`${count} ${count === 1 ? 'file' : 'files'} of bindings changed`];
  }

  /** Shows what the module logs from now on, and some lines of before. */
  #followLog(lines: number): void {
    if (this.#isFollowingLog) return;
    this.#isFollowingLog = true;
    let earlier = lines;
    const target = { server: this.#server, database: this.#options.name };
    const follow = async (): Promise<void> => {
      while (!this.#signal.aborted) {
        const settings = { lines: earlier, follow: true, signal: this.#signal };
        earlier = 0;
        await readLog(target, settings, (json) => console.log(formatLogLine(json))).catch(() => {});
        await new Promise((done) => setTimeout(done, followAgainMs));
      }
    };
    void follow();
  }
}
