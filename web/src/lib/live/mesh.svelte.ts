import { toSql } from 'spacetimedb';
import { tables } from '$bindings/index.ts';
import { deviceName, takeCodeFromAddress } from './credentials.ts';
import { forget, keep, recall } from './kept.ts';
import { Link, SignedOut } from './link.svelte.ts';
import { isFinished, type Limb, type Member, type Task, type Tenant, type ThreadTurn } from './model.ts';
import { LiveRows } from './rows.svelte.ts';

/** `loading`: not known yet; `joining`: a code is being redeemed; `outside`: not a member; `inside`: a member. */
export type Entry = 'loading' | 'joining' | 'outside' | 'inside';

export interface Submission {
  readonly skill: string;
  readonly title: string;
  /** JSON by the skill's own schema. */
  readonly input: string;
  /** Sent again with the same reference, a submission changes nothing. */
  readonly reference: string;
  /** The only limb that may take it; none for any. */
  readonly target?: Limb['identity'] | undefined;
}

/** Of the newest: enough to look at while the hub is away, and little enough for a browser to keep. */
const keptTasksMax = 300;

/** Everything that the page knows of the mesh, live. */
export class Mesh {
  readonly link = new Link();
  readonly #tenants = new LiveRows<Tenant>(this.link, {
    table: (db) => db.tenants,
    query: toSql(tables.tenants),
    keptAs: 'tenants',
  });
  readonly #members = new LiveRows<Member>(this.link, {
    table: (db) => db.members,
    query: toSql(tables.members),
    keptAs: 'members',
  });
  readonly #limbs = new LiveRows<Limb>(this.link, {
    table: (db) => db.limbs,
    query: toSql(tables.limbs),
    keptAs: 'limbs',
  });
  readonly #tasks = new LiveRows<Task>(this.link, {
    table: (db) => db.tasks,
    query: toSql(tables.tasks),
    keptAs: 'tasks',
    keptMax: keptTasksMax,
  });
  readonly #turns = new LiveRows<ThreadTurn>(this.link, {
    table: (db) => db.threadTurns,
    query: toSql(tables.threadTurns),
  });

  #isJoining = $state(false);
  #chosenTenant: bigint | undefined = $state(recall('tenant'));
  /** Why the latest sign-in did not work; empty otherwise. */
  joinError = $state('');

  readonly tenants = $derived(this.#tenants.list);
  readonly tenant = $derived(this.tenants.find((tenant) => tenant.id === this.#chosenTenant) ?? this.tenants[0]);
  readonly members = $derived(this.#members.list.filter((member) => member.tenantId === this.tenant?.id));
  readonly me = $derived(this.members.find((member) => member.identity.toHexString() === this.link.identity));
  readonly limbs = $derived(
    this.#limbs.list
      .filter((limb) => limb.tenantId === this.tenant?.id)
      .sort((a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name)),
  );
  /** Newest first. */
  readonly tasks = $derived(
    this.#tasks.list.filter((task) => task.tenantId === this.tenant?.id).sort((a, b) => (a.id < b.id ? 1 : -1)),
  );
  readonly #threadOf = $derived(new Map(this.#turns.list.map(({ taskId, thread }) => [taskId, thread])));
  readonly #turnCounts = $derived.by(() => {
    const counts = new Map<bigint, number>();
    for (const { thread } of this.#turns.list) counts.set(thread, (counts.get(thread) ?? 0) + 1);
    return counts;
  });
  /** The task by which a limb learns what it is to answer from, while it runs. */
  readonly learning = $derived(this.tasks.find((task) => task.skill === 'remember' && !isFinished(task.state.tag)));

  readonly isTasksLoaded = $derived(this.#tasks.isLoaded);
  readonly isLimbsLoaded = $derived(this.#limbs.isLoaded);
  /** Whether what is shown may have changed at the hub meanwhile. */
  readonly isStale = $derived(this.#tasks.isLoaded && !this.#tasks.isCurrent);
  /** Why tasks, limbs or tenants do not come. */
  readonly refusals = { tasks: this.#tasks.refusal, limbs: this.#limbs.refusal, tenants: this.#tenants.refusal };
  readonly isOwner = $derived(this.me?.role.tag === 'Owner');
  readonly mayOperate = $derived(this.me?.role.tag === 'Owner' || this.me?.role.tag === 'Operator');
  readonly entry: Entry = $derived.by(() => {
    if (this.tenant !== undefined) return 'inside';
    if (this.#isJoining) return 'joining';
    return this.#tenants.isLoaded ? 'outside' : 'loading';
  });

  /** Connects, and redeems the code of a sign-in link. */
  start(): void {
    const redeemFromAddress = (): void => {
      const code = takeCodeFromAddress();
      if (code !== undefined) void this.join(code, deviceName());
    };
    redeemFromAddress();
    window.addEventListener('hashchange', redeemFromAddress);
    this.link.onSession(() => {
      for (const rows of [this.#tenants, this.#members, this.#limbs, this.#tasks, this.#turns]) rows.clear();
      forget('tenant');
      this.#chosenTenant = undefined;
    });
    this.link.start();
  }

  /** Becomes a member by a one-time code; the reason why not is then in `joinError`. */
  async join(code: string, name: string): Promise<void> {
    this.#isJoining = true;
    this.joinError = '';
    try {
      await this.link.call((reducers) => reducers.redeemInvite({ code, name }));
    } catch (error) {
      // Somebody who is already inside has only opened an old link again.
      if (this.tenant === undefined) this.joinError = reasonOf(error);
    } finally {
      this.#isJoining = false;
    }
  }

  chooseTenant(id: bigint): void {
    this.#chosenTenant = id;
    keep('tenant', id);
  }

  /** @throws the hub's rejection */
  async submit({ target, ...submission }: Submission): Promise<void> {
    const tenantId = this.tenant?.id;
    if (tenantId === undefined) throw new SignedOut();
    await this.link.call((reducers) =>
      reducers.submitTask({ tenantId, ...submission, terms: target && { ...plainTerms, target } }),
    );
  }

  /** The first task of the conversation that a task is in: itself, when nothing goes on from it. */
  threadOf(taskId: bigint): bigint {
    return this.#threadOf.get(taskId) ?? taskId;
  }

  /** The tasks of a conversation, oldest first. */
  turnsOf(thread: bigint): Task[] {
    return this.tasks.filter(({ id }) => id === thread || this.#threadOf.get(id) === thread).toReversed();
  }

  /** How many tasks the conversation of a task has. */
  turnCountOf(taskId: bigint): number {
    const thread = this.#threadOf.get(taskId);
    return (thread !== undefined && this.#turnCounts.get(thread)) || 1;
  }

  /** The tenant of a task, whichever of ours it is in. */
  tenantOfTask(id: string): bigint | undefined {
    return this.#tasks.list.find((task) => String(task.id) === id)?.tenantId;
  }

  limbName(identity: Task['limb']): string | undefined {
    if (identity === undefined) return undefined;
    return this.#limbs.list.find((limb) => limb.identity.isEqual(identity))?.name;
  }

  memberName(identity: Task['submittedBy']): string | undefined {
    return this.#members.list.find((member) => member.identity.isEqual(identity))?.name;
  }
}

/** A task's terms where nothing is asked for: the hub's defaults. */
const plainTerms = {
  priority: 5,
  runAfter: undefined,
  deadline: undefined,
  attemptsMax: 0,
  dedupeKey: '',
  concurrencyKey: '',
  concurrencyMax: 0,
  labels: [],
  parent: undefined,
  needs: undefined,
  treeBudget: undefined,
};

/** The hub's sentence for a person: its stable code in front is for programs. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const sentence = message.replace(/^[a-z][a-z-]*: /, '');
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
