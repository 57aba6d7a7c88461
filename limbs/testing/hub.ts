import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setGlobalLogLevel } from 'spacetimedb';
import { WebSocket } from 'undici';
import { DbConnection, tables } from '../../bindings/index.ts';
import type { Summary, Task } from '../../bindings/types.ts';
import { bundleModule, type Host, openHost } from '../../engine/index.ts';
import type { HubAddress } from '../worker/connection.ts';

const moduleFile = fileURLToPath(new URL('../../hub/index.ts', import.meta.url));
const database = 'helix';

/** A real hub with an owner who looks on. */
export class TestHub {
  readonly folder: string;
  #host: Host;
  #owner: DbConnection;

  /** Listens on loopback, or at another address of this machine. */
  static async open(hostname = '127.0.0.1'): Promise<TestHub> {
    const folder = await mkdtemp(join(tmpdir(), 'helix-hub-'));
    const host = await openHost({ dataDirectory: join(folder, 'hub'), hostname, port: 0, onFailure: rethrow });
    const { token } = host.operator;
    const bundle = await bundleModule(moduleFile);
    await publish(host, bundle);
    return new TestHub(folder, host, await connectOwner(host.url, token));
  }

  private constructor(folder: string, host: Host, owner: DbConnection) {
    this.folder = folder;
    this.#host = host;
    this.#owner = owner;
  }

  get address(): HubAddress {
    return { url: this.#host.url, database };
  }

  get ownerToken(): string {
    return this.#host.operator.token;
  }

  get owner(): DbConnection {
    return this.#owner;
  }

  /** The same hub again on the same port, after `whileAway`. */
  async restart(whileAway: () => Promise<void> = async () => {}): Promise<void> {
    const { hostname, port } = new URL(this.#host.url);
    await this.#host.close();
    await whileAway();
    const dataDirectory = join(this.folder, 'hub');
    this.#host = await openHost({ dataDirectory, hostname, port: Number(port), onFailure: rethrow });
    this.#owner = await connectOwner(this.#host.url, this.#host.operator.token);
  }

  /** Puts a new version of the module in the place of the one that runs. */
  async upgrade(): Promise<void> {
    await publish(this.#host, `${await bundleModule(moduleFile)}\n// ${randomUUID()}\n`);
  }

  async pairCode(): Promise<string> {
    const code = randomUUID();
    await this.#owner.reducers.createInvite({
      tenantId: 1n,
      kind: { tag: 'Limb' },
      role: { tag: 'Viewer' },
      handle: code.slice(0, 8),
      codeHash: createHash('sha256').update(code).digest('hex'),
      lifeMs: 0,
    });
    return code;
  }

  /** Queues a task and returns its id. */
  async submit(skill: string, input: unknown): Promise<bigint> {
    const reference = randomUUID();
    const json = JSON.stringify(input);
    await this.#owner.reducers.submitTask({
      tenantId: 1n,
      skill,
      title: skill,
      input: json,
      reference,
      terms: undefined,
    });
    return (await this.until(() => [...this.#owner.db.tasks.iter()].find((task) => task.reference === reference))).id;
  }

  task(id: bigint): Task | undefined {
    return [...this.#owner.db.tasks.iter()].find((task) => task.id === id);
  }

  summary(id: bigint): Summary | undefined {
    return [...this.#owner.db.summaries.iter()].find((summary) => summary.taskId === id);
  }

  progress(id: bigint): string[] {
    return [...this.#owner.db.progress.iter()]
      .filter((row) => row.taskId === id && row.kind.tag === 'Line')
      .sort((a, b) => a.attempt - b.attempt || a.part - b.part)
      .flatMap((row) => row.text.split('\n'));
  }

  /** Waits until the task is in one of the states. */
  async reaches(id: bigint, ...states: Task['state']['tag'][]): Promise<Task> {
    return this.until(() => {
      const task = this.task(id);
      return task && states.includes(task.state.tag) ? task : undefined;
    });
  }

  async until<T>(look: () => T | undefined): Promise<T> {
    return until(look);
  }

  async close(): Promise<void> {
    this.#owner.disconnect();
    await this.#host.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Waits for what `look` finds; the test's own time limit ends the wait. */
export async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function publish({ databases, operator }: Host, bundle: string): Promise<void> {
  const { identity: owner } = operator;
  await databases.publish({ name: database, owner, bundle, clear: false, breakClients: true, token: undefined });
}

async function connectOwner(url: string, token: string): Promise<DbConnection> {
  globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;
  setGlobalLogLevel('error');
  const owner = await new Promise<DbConnection>((resolve, reject) => {
    DbConnection.builder()
      .withUri(url)
      .withDatabaseName(database)
      .withToken(token)
      .onConnect(resolve)
      .onConnectError((_context, error) => reject(error))
      .build();
  });
  await new Promise<void>((resolve, reject) => {
    owner
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .onError((context) => reject(context.event))
      .subscribe([tables.tasks, tables.summaries, tables.progress, tables.limbs]);
  });
  return owner;
}

function rethrow(error: Error): void {
  throw error;
}
