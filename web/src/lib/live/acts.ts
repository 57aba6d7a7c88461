import type { Link } from './link.svelte.ts';
import type { Feedback, Limb, Member, OpenInvite, Policy, RoleTag } from './model.ts';

export type VerdictTag = Feedback['verdict']['tag'];

export interface FollowUp {
  readonly follows: bigint;
  readonly title: string;
  /** JSON by the skill's own schema. */
  readonly input: string;
  /** Sent again with the same reference, it changes nothing. */
  readonly reference: string;
}

/** What a person does to tasks. Each settles with the hub's answer, and throws its rejection. */
export class TaskActs {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  cancel(taskId: bigint): Promise<void> {
    return this.#link.call((reducers) => reducers.cancelTask({ taskId }));
  }

  redrive(taskId: bigint): Promise<void> {
    return this.#link.call((reducers) => reducers.redriveTask({ taskId }));
  }

  followUp(followUp: FollowUp): Promise<void> {
    return this.#link.call((reducers) => reducers.followUp({ ...followUp, terms: undefined }));
  }

  /** Without a verdict, takes back what was said. */
  judge(taskId: bigint, verdict: VerdictTag | undefined, text = ''): Promise<void> {
    return this.#link.call((reducers) => reducers.giveFeedback({ taskId, verdict: verdict && { tag: verdict }, text }));
  }
}

/** What owners do to limbs and members of one tenant. Each settles with the hub's answer, and throws its rejection. */
export class OwnerActs {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  drain({ tenantId, identity: limb }: Limb, isDraining: boolean): Promise<void> {
    return this.#link.call((reducers) => reducers.drainLimb({ tenantId, limb, isDraining }));
  }

  revoke({ tenantId, identity: limb }: Limb): Promise<void> {
    return this.#link.call((reducers) => reducers.revokeLimb({ tenantId, limb }));
  }

  setRole({ tenantId, identity }: Member, role: RoleTag): Promise<void> {
    return this.#link.call((reducers) => reducers.setRole({ tenantId, identity, role: { tag: role } }));
  }

  withdrawInvite({ tenantId, handle }: OpenInvite): Promise<void> {
    return this.#link.call((reducers) => reducers.withdrawInvite({ tenantId, handle }));
  }

  /** 0 stands for the hub's default. */
  setQuotas(tenantId: bigint, quotas: Pick<Policy, 'unfinishedTasksMax' | 'rowsMax' | 'bytesMax'>): Promise<void> {
    return this.#link.call((reducers) => reducers.setQuotas({ tenantId, ...quotas }));
  }

  removeMember({ tenantId, identity }: Member): Promise<void> {
    return this.#link.call((reducers) => reducers.removeMember({ tenantId, identity }));
  }
}
