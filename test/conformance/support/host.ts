import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleModule, type Host, type HostOptions, openHost } from '../../../engine/index.ts';
import { type Answer, type Ask, asker } from './http.ts';

/** A host of databases in this process, with real sockets and files, driven as strangers would drive it. */
export class TestHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'helix-conformance-'));
  #options: Partial<HostOptions>;
  readonly #closing: (() => void)[] = [];
  /** What the host could not bear; empty unless something is broken. */
  readonly failures: Error[] = [];
  #host: Host | undefined;

  constructor(options: Partial<HostOptions> = {}) {
    this.#options = options;
  }

  static async start(options: Partial<HostOptions> = {}): Promise<TestHost> {
    const host = new TestHost(options);
    await host.open();
    return host;
  }

  get host(): Host {
    if (!this.#host) throw new Error('the host is closed');
    return this.#host;
  }

  get url(): string {
    return this.host.url;
  }

  /** The token of whoever publishes here. */
  get token(): string {
    return this.host.operator.token;
  }

  /** Sends a request as the operator, unless it says otherwise. */
  get ask(): Ask {
    return asker(this.url, this.token);
  }

  async open(): Promise<void> {
    this.#host = await openHost({
      dataDirectory: join(this.folder, 'data'),
      port: 0,
      onFailure: (error) => this.failures.push(error),
      ...this.#options,
    });
  }

  /** Stops and opens the same folder again, with these options beside those that it has. */
  async reopen(options: Partial<HostOptions> = {}): Promise<void> {
    await this.stop();
    this.#options = { ...this.#options, ...options };
    await this.open();
  }

  async stop(): Promise<void> {
    for (const close of this.#closing.splice(0)) close();
    await this.#host?.close();
    this.#host = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
    if (this.failures.length > 0) throw this.failures[0];
  }

  /** Called before the host stops. */
  onClose(close: () => void): void {
    this.#closing.push(close);
  }

  /** Publishes a module of `modules/`, and expects it to be taken. */
  async publish(name: string, module: string, query = ''): Promise<Answer> {
    const answer = await this.tryPublish(name, await bundled(module), query);
    if (answer.status !== 200) throw new Error(`publishing ${module}: ${answer.status} ${answer.text}`);
    return answer;
  }

  /** Publishes the text of a bundle. */
  tryPublish(name: string, bundle: string, query = ''): Promise<Answer> {
    return this.ask('PUT', `/v1/database/${name}?host_type=Js${query}`, { body: bundle });
  }

  /** The rows that a query of the operator's finds, each as an array of SATS-JSON. */
  async rows(name: string, sql: string): Promise<unknown[]> {
    const answer = await this.ask('POST', `/v1/database/${name}/sql`, { body: sql });
    if (answer.status !== 200) throw new Error(`${sql}: ${answer.status} ${answer.text}`);
    const [result] = answer.json as { rows: unknown[] }[];
    return result?.rows ?? [];
  }

  /** Calls a function over HTTP as the operator. */
  call(name: string, fn: string, args: readonly unknown[] | object = [], token: string | null = this.token) {
    const headers = { 'content-type': 'application/json' };
    return this.ask('POST', `/v1/database/${name}/call/${fn}`, { body: jsonOf(args), headers, token });
  }

  /** The messages of a database's log. */
  async logs(name: string): Promise<{ level: string; message: string; [field: string]: unknown }[]> {
    const { text } = await this.ask('GET', `/v1/database/${name}/logs`);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }
}

/** The path of a module of `modules/`. */
export function moduleFile(module: string): string {
  return fileURLToPath(new URL(`../modules/${module}.ts`, import.meta.url));
}

const bundles = new Map<string, Promise<string>>();

/** A module of `modules/` as one file. */
export function bundled(module: string): Promise<string> {
  const known = bundles.get(module);
  if (known) return known;
  const made = bundleModule(moduleFile(module));
  bundles.set(module, made);
  return made;
}

let sources = 0;

/** The text of a module, written in a test, as one file. */
export async function bundleOf(source: string): Promise<string> {
  // Inside node_modules, so that it finds `spacetimedb`.
  const folder = fileURLToPath(new URL('../../../node_modules/.helix-test-modules/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  sources += 1;
  const file = join(folder, `${process.pid}-${sources}.ts`);
  writeFileSync(file, `import { schema, SenderError, t, table } from 'spacetimedb/server';\n${source}`);
  try {
    return await bundleModule(file);
  } finally {
    rmSync(file);
  }
}

/** JSON with integers of any size. */
function jsonOf(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return `{${Object.entries(value)
    .map(([key, part]) => `${JSON.stringify(key)}:${jsonOf(part)}`)
    .join(',')}}`;
}
