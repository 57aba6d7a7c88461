import { randomUUID } from 'node:crypto';
import type { DbConnection } from '../../bindings/index.ts';
import type { SummaryBody } from '../../bindings/types.ts';
import { answer } from '../lib/answer.ts';
import { connectToMesh, inviteLimb, subscribe, tenantId } from '../lib/mesh.ts';
import { type TaskAsks, TaskFlow } from '../lib/task-flow.ts';

export interface TaskLoadAsks extends TaskAsks {
  /** Connects the submitter with the operator's token, and limbs that each work on up to `slots` tasks at once. */
  connect(argument: {
    readonly url: string;
    readonly token: string;
    readonly limbs: number;
    readonly slots: number;
  }): Promise<void>;
}

const skill = 'bench';

const summary: SummaryBody = {
  text: 'done',
  citations: [],
  engine: 'bench',
  note: '',
  exitCode: undefined,
  artefacts: [],
  tokensIn: 0,
  tokensOut: 0,
  costMicros: 0n,
  durationMs: 0,
  timings: [],
};

const connections: DbConnection[] = [];
const flow = new TaskFlow((key) =>
  submitter().reducers.submitTask({
    tenantId,
    skill,
    title: key,
    input: JSON.stringify(key),
    reference: key,
    terms: undefined,
  }),
);

const asks: TaskLoadAsks = {
  async connect({ url, token, limbs, slots }) {
    await connect(url, token);
    for (let i = 0; i < limbs; i++) await startLimb(url, slots);
  },
  throughput: flow.throughput,
  latency: flow.latency,
};

answer(asks, () => {
  for (const connection of connections) connection.disconnect();
});

function submitter(): DbConnection {
  const [first] = connections;
  if (!first) throw new Error('nobody is connected');
  return first;
}

async function connect(url: string, token?: string): Promise<DbConnection> {
  const connection = await connectToMesh(url, token);
  connections.push(connection);
  return connection;
}

/** A limb that finishes each task at once. */
async function startLimb(url: string, slots: number): Promise<void> {
  const code = await inviteLimb(submitter());
  const limb = await connect(url);
  await limb.reducers.redeemInvite({ code, name: 'bench' });
  const session = randomUUID();
  await limb.reducers.announceLimb({
    skills: [skill],
    capacity: slots,
    version: '0',
    sandbox: '',
    model: '',
    session,
    lacks: '',
  });
  limb.db.ping.onInsert(() => void limb.reducers.pong({}));
  await subscribe(limb, 'self', 'offers', 'leases', 'lease_inputs', 'ping');
  new TinyLimb(limb).start();
}

/** Claims what is offered, and finishes each task as soon as it sees its lease and its input. */
class TinyLimb {
  readonly #connection: DbConnection;
  /** Attempts of the leases that it holds. */
  readonly #held = new Map<bigint, number>();
  readonly #inputs = new Map<bigint, string>();

  constructor(connection: DbConnection) {
    this.#connection = connection;
  }

  start(): void {
    const { offers, leases, leaseInputs } = this.#connection.db;
    for (const { taskId } of offers.iter()) this.#claim(taskId);
    offers.onInsert((_context, { taskId }) => this.#claim(taskId));
    leases.onInsert((_context, { taskId, attempt }) => {
      this.#held.set(taskId, attempt);
      this.#work(taskId);
    });
    leases.onDelete((_context, { taskId }) => {
      this.#held.delete(taskId);
    });
    leaseInputs.onInsert((_context, { taskId, input }) => {
      this.#inputs.set(taskId, input);
      this.#work(taskId);
    });
  }

  /** Whether it was won shows in the leases. */
  #claim(taskId: bigint): void {
    void this.#connection.reducers.claimTask({ taskId });
  }

  #work(taskId: bigint): void {
    const attempt = this.#held.get(taskId);
    const input = this.#inputs.get(taskId);
    if (attempt === undefined || input === undefined) return;
    this.#inputs.delete(taskId);
    const key = JSON.parse(input);
    flow.claimed(key);
    void this.#connection.reducers.completeTask({ taskId, attempt, summary }).then(() => flow.done(key));
  }
}
