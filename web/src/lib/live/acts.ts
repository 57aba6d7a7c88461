import type { Link } from './link.svelte.ts';
import type { Limb, Member, RoleTag } from './model.ts';

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

  removeMember({ tenantId, identity }: Member): Promise<void> {
    return this.#link.call((reducers) => reducers.removeMember({ tenantId, identity }));
  }
}
