import { join, resolve } from 'node:path';
import { z } from 'zod';
import { Failure } from './failure.ts';
import { parseJson, readText } from './files.ts';

/** Where one installation keeps its data. */
export interface Home {
  readonly folder: string;
  /** The hub's log, snapshots and keys. */
  readonly hubData: string;
  /** The token of whoever created the hub and owns its first tenant. */
  readonly ownerToken: string;
  /** Where the running hub is; absent when none runs. */
  readonly hubFile: string;
  /** The tunnels of this machine, each in a folder of its own. */
  readonly tunnels: string;
  readonly limb: LimbHome;
}

export interface LimbHome {
  readonly folder: string;
  readonly token: string;
  /** Says which identity the limb has. */
  readonly info: string;
  /** The only folder that a limb remembers files from, with one in it for each tenant. */
  readonly documents: string;
  /** Names the models. */
  readonly config: string;
}

/** The home in HELIX_HOME, or `.helix` in the current folder. */
export function findHome(): Home {
  const folder = resolve(process.env['HELIX_HOME'] || '.helix');
  const limb = join(folder, 'limb');
  return {
    folder,
    hubData: join(folder, 'hub'),
    ownerToken: join(folder, 'owner.token'),
    hubFile: join(folder, 'hub.json'),
    tunnels: join(folder, 'tunnels'),
    limb: {
      folder: limb,
      token: join(limb, 'token'),
      info: join(limb, 'limb.json'),
      documents: join(limb, 'documents'),
      config: join(limb, 'limb.toml'),
    },
  };
}

const runningHub = z.object({ url: z.url(), database: z.string().min(1) });

/** Where a running hub is and what its database is called. */
export type RunningHub = z.infer<typeof runningHub>;

export async function readRunningHub(home: Home): Promise<RunningHub | undefined> {
  const text = await readText(home.hubFile);
  if (text === undefined) return undefined;
  const parsed = runningHub.safeParse(parseJson(text));
  if (!parsed.success) throw new Failure(`${home.hubFile} is damaged: delete it and run \`helix start\` again`);
  return parsed.data;
}

const limbInfo = z.object({ identity: z.string().regex(/^[0-9a-f]{64}$/) });

/** The identity of this machine's limb in hex, once it is paired. */
export async function readLimbIdentity(home: LimbHome): Promise<string | undefined> {
  const text = await readText(home.info);
  if (text === undefined) return undefined;
  const parsed = limbInfo.safeParse(parseJson(text));
  if (!parsed.success) throw new Failure(`${home.info} is damaged: delete ${home.folder} and pair the limb again`);
  return parsed.data.identity;
}
