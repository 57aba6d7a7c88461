import type Docker from 'dockerode';
import { LimbError } from '../../errors.ts';
import { describeProcess } from '../../process.ts';
import {
  DEFAULT_LIMITS,
  type Limits,
  type Probe,
  type RunRequest,
  type RunResult,
  type SandboxEngine,
  type SandboxLevel,
} from '../engine.ts';
import { limitsOf } from '../request.ts';
import { selfTest } from '../selftest.ts';
import { supervise } from '../supervise.ts';
import { WaitingContainer } from './container.ts';
import { findContainerHost } from './find.ts';
import { ownerLabel } from './options.ts';

const INSTALL =
  'Install it with: apt-get install docker.io rootlesskit uidmap slirp4netns iproute2, then run infra/sandbox/start-engine.sh ' +
  'and infra/sandbox/build-image.sh with the address that it prints.';

const MIB = 1024 * 1024;

/** Python in containers of a rootless engine. One container with the default limits waits, started, for the next run. */
export class ContainerEngine implements SandboxEngine {
  readonly name = 'docker';
  #level: SandboxLevel = 'container';
  #docker: Docker | undefined;
  #owner = '';
  #waiting: Promise<WaitingContainer> | undefined;
  /** Only who runs programs wants the next container to wait. */
  #keepsOneWaiting = false;

  get level(): SandboxLevel {
    return this.#level;
  }

  async probe(): Promise<Probe> {
    try {
      const { docker, version, claimsLimits } = await findContainerHost();
      this.#docker = docker;
      this.#owner = await describeProcess(process.pid);
      await this.#removeOrphans(docker);
      await selfTest(this);
      this.#level = claimsLimits && (await this.#limitsHoldTogether()) ? 'container' : 'container-process-limits';
      const limits = this.#level === 'container' ? 'every limit holds' : 'process limits only';
      this.#keepsOneWaiting = true;
      return { present: true, detail: `Python in rootless containers of engine ${version}; ${limits}` };
    } catch (error) {
      await this.close();
      this.#docker = undefined;
      return { present: false, reason: error instanceof Error ? error.message : String(error), install: INSTALL };
    }
  }

  async run(request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    const limits = limitsOf(request);
    const docker = this.#docker;
    if (!docker) throw new LimbError('sandbox-absent', 'The container engine was not probed, or its probe failed.');
    const container = await this.#take(docker, limits);
    container.send(request);
    return supervise(container, this, request, limits, signal);
  }

  async close(): Promise<void> {
    this.#keepsOneWaiting = false;
    const waiting = await this.#waiting?.catch(() => undefined);
    this.#waiting = undefined;
    waiting?.kill();
    await waiting?.ended.catch(() => {});
  }

  async #take(docker: Docker, limits: Limits): Promise<WaitingContainer> {
    const start = () => WaitingContainer.start(docker, limits, this.#owner);
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

  /** Whether memory is limited for all processes of a run together: an engine may claim it and not do it. */
  async #limitsHoldTogether(): Promise<boolean> {
    const code = `
import os, sys, time
for _ in range(4):
    if os.fork() == 0:
        held = b'x' * (48 * 1024 * 1024)
        time.sleep(1)
        os._exit(0)
print(sum(os.wait()[1] == 0 for _ in range(4)))
`;
    const { stdout } = await this.run({ code, limits: { memoryBytes: 96 * MIB } });
    return stdout.trim() !== '4';
  }

  /** Ends what limbs left that were killed. */
  async #removeOrphans(docker: Docker): Promise<void> {
    const containers = await docker.listContainers({ all: true, filters: { label: [ownerLabel] } });
    await Promise.all(
      containers.map(async ({ Id, Labels }) => {
        if (!(await isAlive(Labels[ownerLabel] ?? ''))) await docker.getContainer(Id).remove({ force: true });
      }),
    );
  }
}

function isDefault(limits: Limits): boolean {
  return Object.entries(DEFAULT_LIMITS).every(([name, value]) => limits[name as keyof Limits] === value);
}

async function isAlive(owner: string): Promise<boolean> {
  return (await describeProcess(Number(owner.split(' ')[0]))) === owner;
}
