import type { ListrTaskWrapper } from 'listr2';
import { Failure } from '../lib/failure.ts';
import type { HistoryOptions } from '../lib/history.ts';
import type { Home } from '../lib/home.ts';
import { connectHub, databaseName, type Hub } from '../lib/hub.ts';
import { createInvite } from '../lib/invite.ts';
import type { LimitOptions } from '../lib/limits.ts';
import { localUrl } from '../lib/local-url.ts';
import { rememberDocuments } from '../lib/remember.ts';
import { oneLine } from '../lib/terminal.ts';
import { documentationKey, findDocumentation } from './documentation.ts';
import { startHub, stopHub } from './hub.ts';
import { LimbProcess } from './limb-process.ts';
import { isEnrolled, waitForLimb } from './limb-wait.ts';
import { buildWeb, isWebStale } from './web-face.ts';

/** What a step of the start-up list shows about itself. */
export type Step = Pick<ListrTaskWrapper<unknown, never, never>, 'title' | 'output' | 'skip'>;

export interface MachineOptions {
  readonly home: Home;
  /** Where Helix is installed. */
  readonly root: string;
  readonly hostname: string;
  readonly port: number;
  readonly history: HistoryOptions;
  readonly limits: LimitOptions;
  /** Aborts what is being started. */
  readonly signal: AbortSignal;
}

/** Everything that `helix start` runs on one machine, in the order in which its methods are called. */
export class Machine {
  readonly #options: MachineOptions;
  /** How to stop what was started, first things first. */
  readonly #cleanups: (() => Promise<void>)[] = [];
  /** Rejects when something ends that the rest cannot do without. */
  readonly failed: Promise<never>;
  #fail: (error: Error) => void = () => {};
  #url = '';
  #hub: Hub | undefined;
  /** The limb's identity in hex, once it is online. */
  #limb: string | undefined;
  #tellLimb: (line: string) => void = () => {};

  constructor(options: MachineOptions) {
    this.#options = options;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // It is awaited later.
    this.failed.catch(() => {});
  }

  get url(): string {
    return this.#url;
  }

  async buildWeb(step: Step): Promise<void> {
    const { root, signal } = this.#options;
    if (!(await isWebStale(root))) return step.skip('The web face is built');
    await telling(step, (tell) => buildWeb(root, signal, tell));
  }

  async startHub(): Promise<void> {
    const { home } = this.#options;
    const warn = (message: string): void => console.error(`helix: ${message}`);
    const host = await startHub({ ...this.#options, warn, onFailure: this.#fail });
    this.#cleanups.push(() => stopHub(home, host));
    this.#url = localUrl(host.url);
    const hub = await connectHub(home, { url: this.#url, database: databaseName }, host.operator.token);
    this.#cleanups.push(async () => hub.close());
    hub.lost.catch(this.#fail);
    this.#hub = hub;
  }

  /** Waits until the limb is online, or for a while: it is started again until it is. */
  async startLimb(step: Step): Promise<void> {
    const { home, root, signal } = this.#options;
    const hub = this.#startedHub();
    const environment = async (): Promise<Record<string, string>> => {
      const paired = (await isEnrolled(hub)) ? {} : { HELIX_PAIR_CODE: await createInvite(hub, 'Limb') };
      return { HELIX_HOME: home.folder, HELIX_HUB: this.#url, ...paired };
    };
    const limb = new LimbProcess({ root, environment, tell: (line) => this.#tellLimb(line) });
    this.#cleanups.push(() => limb.stop());
    await telling(step, async (tell) => {
      this.followLimb(tell);
      await limb.start();
      this.#limb = await waitForLimb(hub, signal);
    });
    if (this.#limb === undefined) step.title = 'The limb is not online yet: it is started again until it is';
  }

  /** Once for each version of the documentation, so that there is something to ask about. */
  async rememberDocumentation(step: Step): Promise<void> {
    if (this.#limb === undefined) return step.skip('Without the limb nothing is remembered');
    const { root, signal } = this.#options;
    const documents = await findDocumentation(root);
    const reference = `${await documentationKey(documents)}-${this.#limb.slice(0, 16)}`;
    try {
      await telling(step, async (line) => {
        await rememberDocuments(this.#startedHub(), { documents, folders: [] }, signal, { line }, { reference });
      });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      step.title = error.message;
    }
  }

  /** From now on the limb's lines go there. */
  followLimb(tell: (line: string) => void): void {
    this.#tellLimb = tell;
  }

  /** A link that signs one browser in, once. */
  async signInLink(): Promise<string> {
    return `${this.#url}/#code=${await createInvite(this.#startedHub(), 'Member')}`;
  }

  /** The limb first, the hub last. */
  async stop(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
  }

  #startedHub(): Hub {
    if (this.#hub === undefined) throw new Failure('The hub has not been started');
    return this.#hub;
  }
}

/** Shows lines as a step's output while it lasts; the list does not take any after that. */
async function telling(step: Step, work: (tell: (line: string) => void) => Promise<void>): Promise<void> {
  let isOpen = true;
  try {
    await work((line) => {
      if (isOpen) step.output = oneLine(line);
    });
  } finally {
    isOpen = false;
  }
}
