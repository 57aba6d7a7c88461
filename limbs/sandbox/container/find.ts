import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { LimbError } from '../../errors.ts';

/** Made by infra/sandbox/build-image.sh. */
export const imageName = 'helix-sandbox:1';

const answerMsMax = 5000;

export interface ContainerHost {
  readonly docker: Docker;
  readonly socketPath: string;
  readonly kind: 'docker' | 'podman';
  readonly version: string;
  /** Whether the engine says that it limits containers as a whole; only a test shows whether that is true. */
  readonly claimsLimits: boolean;
}

/**
 * The rootless engine of this machine, with the sandbox's image in it. An engine that runs as root is refused: whoever broke
 * out of its containers would be root. Throws `LimbError` with what was seen.
 */
export async function findContainerHost(env: NodeJS.ProcessEnv = process.env): Promise<ContainerHost> {
  const socketPath = socketsOf(env).find(isSocket);
  if (socketPath === undefined) throw new LimbError('sandbox-absent', 'no rootless Docker or Podman runs here');
  const docker = new Docker({ socketPath, timeout: answerMsMax });
  const info = (await docker.info().catch((cause: Error) => {
    throw new LimbError('sandbox-absent', `the engine at ${socketPath} does not answer (${cause.message})`, { cause });
  })) as EngineInfo;
  const isRootless = info.Rootless ?? info.SecurityOptions?.some((option) => option.includes('rootless'));
  if (!isRootless) {
    throw new LimbError('sandbox-absent', `the engine at ${socketPath} runs as root, which is no sandbox`);
  }
  await docker
    .getImage(imageName)
    .inspect()
    .catch((cause: Error) => {
      throw new LimbError('sandbox-absent', `the engine at ${socketPath} has no image ${imageName}`, { cause });
    });
  return {
    docker: new Docker({ socketPath }),
    socketPath,
    kind: info.Rootless === undefined ? 'docker' : 'podman',
    version: info.ServerVersion,
    claimsLimits: info.CgroupDriver !== 'none' && info.MemoryLimit === true && info.PidsLimit === true,
  };
}

interface EngineInfo {
  readonly ServerVersion: string;
  readonly SecurityOptions?: readonly string[];
  /** Podman's own field. */
  readonly Rootless?: boolean;
  readonly CgroupDriver?: string;
  readonly MemoryLimit?: boolean;
  readonly PidsLimit?: boolean;
}

/** Where an engine may listen; one that is named is the only one. */
function socketsOf(env: NodeJS.ProcessEnv): string[] {
  const named = env['HELIX_SANDBOX_ENGINE'];
  if (named) return [named.replace(/^unix:\/\//, '')];
  const runtime = env['XDG_RUNTIME_DIR'] ?? `/run/user/${process.getuid?.()}`;
  return [
    '/var/lib/helix-sandbox/run/docker.sock',
    join(homedir(), '.local/share/helix-sandbox/run/docker.sock'),
    join(runtime, 'docker.sock'),
    join(runtime, 'podman/podman.sock'),
  ];
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}
