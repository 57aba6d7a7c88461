import type Docker from 'dockerode';
import { LimbError, messageOf } from '../../errors.ts';
import { describeProcess } from '../../process.ts';
import type { EngineName, Limits, Probe, RunRequest, RunResult, SandboxEngine, SandboxLevel } from '../engine.ts';
import { isDefault, limitsOf } from '../request.ts';
import { selfTest } from '../selftest.ts';
import { supervise } from '../supervise.ts';
import { WaitingContainer } from './container.ts';
import { type ContainerHost, findContainerHost } from './find.ts';
import { limitsThatDoNotHold } from './limits.ts';
import { type ContainerKind, ownerLabel } from './options.ts';
import { inlineProfile, profileFile } from './profile.ts';

const installHint =
  'Install it with: apt-get install docker.io rootlesskit uidmap slirp4netns iproute2, then run infra/sandbox/start-engine.sh ' +
  'and infra/sandbox/build-image.sh with the address that it prints.';

/** Python in containers of a rootless engine. One container with the default limits waits, started, for the next run. */
export class ContainerEngine implements SandboxEngine {
  #level: SandboxLevel = 'container';
  #ready: { readonly host: ContainerHost; readonly kind: ContainerKind; remove(): void } | undefined;
  #waiting: Promise<WaitingContainer> | undefined;
  /** Only who runs programs wants the next container to wait. */
  #keepsOneWaiting = false;

  /** Before `probe`, the one that is looked for first. */
  get name(): EngineName {
    return this.#ready?.host.kind ?? 'docker';
  }

  get level(): SandboxLevel {
    return this.#level;
  }

  async probe(): Promise<Probe> {
    try {
      await this.close();
      const host = await findContainerHost();
      const owner = await describeProcess(process.pid);
      await removeOrphans(host.docker);
      const seccomp = host.kind === 'docker' ? inlineProfile() : profileFile();
      this.#ready = { host, kind: { engine: host.kind, owner, seccomp: seccomp.text }, remove: seccomp.remove };
      await selfTest(this);
      const broken = host.claimsLimits ? await limitsThatDoNotHold((request) => this.run(request)) : undefined;
      this.#level = broken?.length === 0 ? 'container' : 'container-process-limits';
      this.#keepsOneWaiting = true;
      return {
        present: true,
        detail: `Python in rootless containers of ${host.kind} ${host.version}; ${limitsInWords(broken)}`,
      };
    } catch (error) {
      await this.close();
      return { present: false, reason: messageOf(error), install: installHint };
    }
  }

  async run(request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    const limits = limitsOf(request);
    const container = await this.#take(limits);
    container.send(request);
    return supervise(container, this, request, limits, signal);
  }

  async close(): Promise<void> {
    this.#keepsOneWaiting = false;
    const waiting = await this.#waiting?.catch(() => undefined);
    this.#waiting = undefined;
    waiting?.kill();
    await waiting?.ended.catch(() => {});
    this.#ready?.remove();
    this.#ready = undefined;
  }

  async #take(limits: Limits): Promise<WaitingContainer> {
    const ready = this.#ready;
    if (!ready) throw new LimbError('sandbox-absent', 'The container engine was not probed, or its probe failed.');
    const start = () => WaitingContainer.start(ready.host, limits, ready.kind);
    if (!isDefault(limits)) return start();
    const taken = this.#waiting ?? start();
    this.#waiting = undefined;
    const container = await taken;
    if (this.#keepsOneWaiting && !this.#waiting) {
      this.#waiting = start();
      // Whoever takes it hears why there is none.
      this.#waiting.catch(() => {});
    }
    return container;
  }
}

function limitsInWords(broken: readonly string[] | undefined): string {
  if (broken === undefined) return 'process limits only, since it sets no limits for whole containers';
  if (broken.length === 0) return 'every limit holds';
  return `process limits only, since these do not hold for all processes together: ${broken.join(', ')}`;
}

/** Ends what limbs left that were killed. */
async function removeOrphans(docker: Docker): Promise<void> {
  const containers = await docker.listContainers({ all: true, filters: { label: [ownerLabel] } });
  await Promise.all(
    containers.map(async ({ Id, Labels }) => {
      if (!(await isAlive(Labels[ownerLabel] ?? ''))) await docker.getContainer(Id).remove({ force: true });
    }),
  );
}

async function isAlive(owner: string): Promise<boolean> {
  return (await describeProcess(Number(owner.split(' ')[0]))) === owner;
}
