import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InternalError, Timestamp } from 'spacetimedb';
import { EgressJournal, type NoteRequest } from '../egress/index.ts';
import { LimbError, messageOf } from '../errors.ts';
import type { Environment } from '../models/config/key.ts';
import { counted } from '../text.ts';
import { connectToHub, type HubAddress, type Link } from './connection.ts';
import { enrol, orEnded } from './enrol.ts';
import { type Equipment, openEquipment } from './equipment.ts';
import { type LimbFolder, type LockFile, openLimbFolder } from './folder.ts';
import { type Health, serveHealth } from './health.ts';
import { type Log, standardLog } from './log.ts';
import { Secrets } from './secrets.ts';
import type { TunnelWatch } from './tunnels.ts';
import { Work } from './work.ts';

export interface LimbOptions {
  /** Where the limb keeps its token, its memory and its documents. */
  readonly folder: string;
  /** Keeps other limbs out of the folder. */
  readonly lockFile: LockFile;
  readonly hub: HubAddress;
  /** What people call it. */
  readonly name: string;
  readonly version: string;
  /** For the first start. */
  readonly pairCode?: string | undefined;
  /** Where models are named; `process.env`. */
  readonly env: Environment;
  /** The skills to offer; default all that work here. */
  readonly skills?: readonly string[] | undefined;
  /** How many tasks at once; default 2. */
  readonly capacity?: number | undefined;
  /** Port on loopback for `/healthz` and `/metrics`; default none. */
  readonly healthPort?: number | undefined;
  /** By which this machine is reached from outside, if at all: the hub is told. */
  readonly tunnels?: TunnelWatch | undefined;
  /** Default: standard output, for a person or as JSON. */
  readonly log?: Log | undefined;
}

export interface Limb {
  /** Resolves after `stop`; rejects with `LimbError` when going on makes no sense, such as without a valid pairing. */
  readonly ended: Promise<void>;
  /** Claims nothing more, gives what runs `graceMs` (default 3000) to finish, and closes the memory. */
  stop(graceMs?: number): Promise<void>;
}

const capacityDefault = 2;
const graceMsDefault = 3000;
const backoffMsMin = 200;
const backoffMsMax = 5000;

/**
 * Opens what a limb works with and starts working for a hub; from then on it connects again by itself.
 * Throws `LimbError` when its folder is in use or a setting does not work. `open` opens the equipment.
 */
export async function startLimb(options: LimbOptions, open = openEquipment): Promise<Limb> {
  const secrets = new Secrets(options.env);
  secrets.add(options.pairCode);
  const tell = options.log ?? standardLog();
  const log: Log = (level, message) => tell(level, secrets.redact(message));
  const folder = await openLimbFolder(options.folder, options.lockFile);
  let journal: EgressJournal | undefined;
  let sessions: Sessions;
  let equipment: Equipment;
  let health: Health | undefined;
  let stopWatching: (() => void) | undefined;
  try {
    journal = await EgressJournal.open(folder.egress);
    sessions = new Sessions(options, folder, journal, log, secrets);
    stopWatching = options.tunnels?.onChange(() => sessions.tunnelsChanged());
    const onMemory = (tenant: string) => sessions.memoryChanged(tenant);
    health = await serveHealth(options.healthPort, sessions, journal);
    const onSecret = (secret: string) => secrets.add(secret);
    const onChange = () => sessions.equipmentChanged();
    const outward = journal;
    const note: NoteRequest = (request) => outward.recordRequest(request);
    const { env, skills } = options;
    equipment = await open({ folder, env, skills, log, note, onMemory, onChange, onSecret });
  } catch (error) {
    stopWatching?.();
    await health?.close();
    journal?.close();
    await folder.close();
    throw secrets.clean(error);
  }
  const ended = sessions
    .keep(equipment)
    .catch((error) => {
      throw secrets.clean(error);
    })
    .finally(async () => {
      stopWatching?.();
      await equipment.close();
      await health?.close();
      journal.close();
      await folder.close();
    });
  // Whoever waits for it hears of it; nobody has to.
  ended.catch(() => {});
  return {
    ended,
    async stop(graceMs = graceMsDefault) {
      await sessions.stop(graceMs);
      await ended.catch(() => {});
    },
  };
}

/** One connection after the other. */
class Sessions {
  readonly #options: LimbOptions;
  readonly #folder: LimbFolder;
  readonly #journal: EgressJournal;
  readonly #log: Log;
  readonly #secrets: Secrets;
  readonly #stopping = new AbortController();
  /** By this the hub knows the same process again, which still works on its tasks. */
  readonly #session = randomUUID();
  #pairCode: string | undefined;
  #link: Link | undefined;
  #work: Work | undefined;
  #equipment: Equipment | undefined;
  /** How often the equipment has become another. */
  #changeCount = 0;

  constructor(options: LimbOptions, folder: LimbFolder, journal: EgressJournal, log: Log, secrets: Secrets) {
    this.#options = options;
    this.#folder = folder;
    this.#journal = journal;
    this.#log = log;
    this.#secrets = secrets;
    this.#pairCode = options.pairCode;
  }

  get isConnected(): boolean {
    return this.#link !== undefined;
  }

  get lacks(): string {
    return this.#equipment?.lacks ?? '';
  }

  get leaseCount(): number {
    return Number(this.#link?.connection.db.leases.count() ?? 0);
  }

  async keep(equipment: Equipment): Promise<void> {
    const work = new Work({
      equipment,
      log: this.#log,
      redact: (text) => this.#secrets.redact(text),
      during: (taskId, work) => this.#journal.during(taskId, work),
    });
    this.#work = work;
    this.#equipment = equipment;
    try {
      await this.#connectAgainAndAgain(equipment, work);
    } finally {
      work.drop('the limb has ended');
    }
  }

  async #connectAgainAndAgain(equipment: Equipment, work: Work): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        const link = await this.#open(equipment);
        failures = 0;
        work.attach(link);
        await link.ended;
        this.#link = undefined;
        work.detach();
        if (isReplaced(link)) {
          throw new LimbError(
            'replaced',
            'Another process works with this identity now. Stop one of the two, or pair the other one by itself.',
          );
        }
        if (!this.#stopping.signal.aborted) this.#log('warn', 'The connection to the hub ended; connecting again');
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        if (!isPassing(error)) throw error;
        // A hub that is away for long is not worth a line each time.
        if (failures === 0) this.#log('warn', `${messageOf(error)}; trying again until it works`);
        failures++;
        await this.#pause(Math.min(backoffMsMax, backoffMsMin * 2 ** Math.min(failures, 10)));
      }
    }
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    // What is offered from now on goes to other limbs at once.
    if (this.#link && this.#equipment) {
      await this.#announce(this.#link, this.#equipment, 0).catch((error) =>
        this.#log('warn', `The hub could not be told that this limb ends: ${messageOf(error)}`),
      );
    }
    const { leaseCount } = this;
    if (leaseCount > 0) {
      this.#log('info', `Stopping: ${counted(leaseCount, 'task')} may go on for ${graceMs / 1000} s`);
    }
    await this.#work?.finish(graceMs);
    this.#link?.connection.disconnect();
  }

  async #announce(link: Link, { skills, sandbox, model, lacks = '' }: Equipment, capacity: number): Promise<void> {
    const announced = skills.map((skill) => skill.name);
    const { version } = this.#options;
    const session = this.#session;
    const { reducers } = link.connection;
    await orEnded(
      link,
      reducers.announceLimb({ skills: announced, capacity, version, sandbox, model, session, lacks }),
    );
  }

  memoryChanged(tenant: string): void {
    const link = this.#link;
    if (!link || !this.#equipment) return;
    this.#reportMemory(link, this.#equipment, BigInt(tenant)).catch((error) =>
      this.#log('warn', `The hub did not take the size of the memory: ${messageOf(error)}`),
    );
  }

  equipmentChanged(): void {
    this.#changeCount++;
    const link = this.#link;
    const equipment = this.#equipment;
    if (!link || !equipment || this.#stopping.signal.aborted) return;
    const tell = async (): Promise<void> => {
      await this.#announce(link, equipment, this.#options.capacity ?? capacityDefault);
      await this.#reportMemories(link, equipment);
    };
    tell().catch((error) => this.#log('warn', `The hub was not told what this limb can do now: ${messageOf(error)}`));
  }

  tunnelsChanged(): void {
    const { tunnels } = this.#options;
    const link = this.#link;
    if (!tunnels || !link) return;
    const told = tunnels.tunnels().map((row) => ({ ...row, lastError: this.#secrets.redact(row.lastError) }));
    orEnded(link, link.connection.reducers.reportTunnels({ tunnels: told })).catch((error) =>
      this.#log('warn', `The hub did not take the state of the tunnels: ${messageOf(error)}`),
    );
  }

  async #reportMemories(link: Link, equipment: Equipment): Promise<void> {
    for (const { tenantId } of link.connection.db.self.iter()) await this.#reportMemory(link, equipment, tenantId);
  }

  async #reportMemory(link: Link, { memoryFacts }: Equipment, tenantId: bigint): Promise<void> {
    const known = await memoryFacts(tenantId.toString());
    if (!known) return;
    const { documentCount, chunkCount, byteCount, changedAtMs, engine } = known;
    const changedAt = changedAtMs === undefined ? undefined : Timestamp.fromDate(new Date(changedAtMs));
    const facts = { tenantId, documentCount, chunkCount, byteCount: BigInt(byteCount), changedAt, engine };
    await orEnded(link, link.connection.reducers.reportMemory(facts));
  }

  async #open(equipment: Equipment): Promise<Link> {
    const { hub, name, capacity = capacityDefault } = this.#options;
    const link = await this.#connect();
    const { reducers, db } = link.connection;
    const changeCount = this.#changeCount;
    try {
      await enrol(link, name, this.#pairCode);
      this.#pairCode = undefined;
      db.ping.onInsert(() => {
        reducers.pong({}).catch((error) => this.#log('warn', `A ping could not be answered: ${messageOf(error)}`));
      });
      await this.#announce(link, equipment, capacity);
      db.self.onUpdate(() => {
        if (isReplaced(link)) link.connection.disconnect();
      });
      db.self.onDelete((_, { tenantId }) => {
        const how = 'it gets no further task from there, and needs a new pairing code to come back';
        this.#log('warn', `The owners of tenant ${tenantId} have revoked this limb: ${how}`);
      });
      await this.#reportMemories(link, equipment);
      this.#stopping.signal.throwIfAborted();
    } catch (error) {
      link.connection.disconnect();
      throw error;
    }
    this.#log(
      'info',
      `Connected to ${hub.url} as ${name}, with ${equipment.skills.map((skill) => skill.name).join(', ')}`,
    );
    this.#link = link;
    if (changeCount !== this.#changeCount) this.equipmentChanged();
    this.tunnelsChanged();
    return link;
  }

  async #connect(): Promise<Link> {
    const { hub, pairCode } = this.#options;
    const token = await this.#folder.readToken();
    this.#secrets.add(token);
    try {
      const link = await connectToHub(hub, token, this.#journal);
      this.#secrets.add(link.token);
      if (!token) await this.#folder.writeToken(link.token, link.identity);
      return link;
    } catch (error) {
      if (!(error instanceof LimbError) || error.code !== 'token-rejected') throw error;
      if (!pairCode) {
        throw new LimbError(
          'token-rejected',
          `${error.message} If the hub was set up anew, pair the limb again: start it with a new code, by --pair or in HELIX_PAIR_CODE.`,
        );
      }
      this.#log('warn', `${error.message} It is put away, and the limb is paired anew.`);
      await this.#folder.dropToken();
      return this.#connect();
    }
  }

  /** Half to all of the time at random, so that limbs do not all come back at once. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    await sleep(ms * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
  }
}

/** Whether another connection has been announced since as the one that this limb works on. */
function isReplaced({ connection }: Link): boolean {
  for (const { connection: announced } of connection.db.self.iter()) {
    if (announced && !announced.isEqual(connection.connectionId)) return true;
  }
  return false;
}

/** Whether trying again may help: a failure inside of the hub may pass, its refusal does not. */
function isPassing(error: unknown): boolean {
  return error instanceof LimbError ? error.isRetryable : error instanceof InternalError;
}
