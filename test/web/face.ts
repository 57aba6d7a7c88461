import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { DbConnection } from '../../bindings/index.ts';
import type { Role, TaskTerms } from '../../bindings/types.ts';
import { hookAddresses } from '../../cli/start/hook-addresses.ts';
import { serveStatic } from '../../engine/index.ts';
import type { Limb } from '../../limbs/index.ts';
import { launchChromium } from '../support/chromium.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { buildWebFace } from '../support/web-face.ts';
import { startScriptedLimb } from './scripted-limb.ts';

const build = fileURLToPath(new URL('../../web/build', import.meta.url));

/** Tests of tunnels make networks on this machine, at which Chromium drops what it was loading. */
const ofNetwork = /ERR_NETWORK_CHANGED|unknown error occurred when fetching the script/;

/** A hub that serves the web face, its owner's connection, and a browser. */
export class TestFace {
  readonly hub: TestHub;
  readonly owner: DbConnection;
  readonly browser: Browser;
  /** What went wrong in any page. */
  readonly errors: string[] = [];
  readonly #limbs: Limb[] = [];
  #hasHub = true;

  private constructor(hub: TestHub, owner: DbConnection, browser: Browser) {
    this.hub = hub;
    this.owner = owner;
    this.browser = browser;
  }

  static async start(): Promise<TestFace> {
    await buildWebFace();
    const fallback = hookAddresses(() => hub.host.databases.find('helix'), serveStatic(build));
    const hub: TestHub = await startTestHub({ fallback });
    const owner = await hub.connect(hub.host.operator.token);
    return new TestFace(hub, owner, await launchChromium());
  }

  get url(): string {
    return this.hub.host.url;
  }

  /** Opens an invite. @returns its code */
  async invite(kind: 'Member' | 'Limb', role: Role['tag'] = 'Viewer'): Promise<string> {
    const code = randomUUID();
    await this.owner.reducers.createInvite({
      tenantId: 1n,
      kind: { tag: kind },
      role: { tag: role },
      handle: code.slice(0, 8),
      codeHash: createHash('sha256').update(code).digest('hex'),
      lifeMs: 0,
    });
    return code;
  }

  /** Opens a page of a new browser profile that is signed in. */
  async signIn(role: Role['tag'] = 'Owner', options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 860 },
      reducedMotion: 'reduce',
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => this.errors.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !ofNetwork.test(message.text())) this.errors.push(message.text());
    });
    await page.goto(`${this.url}/#code=${await this.invite('Member', role)}`);
    await page.getByRole('navigation', { name: 'Screens' }).waitFor();
    return page;
  }

  /** Starts a limb, by a pairing code of its own unless one is given. */
  async startLimb(name: string, capacity = 2, code?: string): Promise<Limb> {
    const folder = join(this.hub.folder, name);
    mkdirSync(folder);
    const pairCode = code ?? (await this.invite('Limb'));
    const limb = await startScriptedLimb({ folder, url: this.url, name, pairCode, capacity });
    this.#limbs.push(limb);
    return limb;
  }

  submit(skill: string, title: string, input: unknown, terms?: TaskTerms): Promise<void> {
    return this.owner.reducers.submitTask({
      tenantId: 1n,
      skill,
      title,
      input: JSON.stringify(input),
      reference: randomUUID(),
      terms,
    });
  }

  ask(question: string): Promise<void> {
    return this.submit('reason', question, { question });
  }

  /** Takes the hub away for good; the pages stay. */
  async stopHub(): Promise<void> {
    for (const limb of this.#limbs.splice(0)) await limb.stop(0);
    if (this.#hasHub) await this.hub.close();
    this.#hasHub = false;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.stopHub();
  }
}
