import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { LimbError, messageOf } from '../errors.ts';

/** Where a limb keeps what it is and what it knows. */
export interface LimbFolder {
  readonly memory: string;
  /** What may be remembered, in a folder for each tenant by its number: none reads what is another's. */
  readonly documents: string;
  /** What left this machine. */
  readonly egress: string;
  /** Where the operator says which models there are. */
  readonly config: string;
  /** How far the readers of folders have come. */
  readonly readers: string;
  readToken(): Promise<string | undefined>;
  /** Keeps the token for this user only, and says beside it which identity it is. */
  writeToken(token: string, identity: string): Promise<void>;
  /** Puts a token away that no hub accepts any more. */
  dropToken(): Promise<void>;
  readonly tokenFile: string;
  close(): Promise<void>;
}

/**
 * Claims a file, and with it the folder that it is in, for this process alone until it is released or the process ends,
 * however that goes. Throws, with the code `data-folder-locked`, when another process has it.
 */
export type LockFile = (file: string) => Promise<{ release(): Promise<void> }>;

/** Opens the folder, making it when there is none. Throws `LimbError` when another limb works in it. */
export async function openLimbFolder(folder: string, lockFile: LockFile): Promise<LimbFolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const tokenFile = join(folder, 'token');
  // Two limbs would write one database at once, which breaks it.
  const lock = await lockFile(join(folder, 'lock')).catch((error: unknown) => {
    if (!isCode(error, 'data-folder-locked')) throw error;
    throw new LimbError('limb-runs-already', `A limb works in ${folder} already: ${messageOf(error)}.`, {
      cause: error,
    });
  });
  return {
    memory: join(folder, 'memory'),
    documents: join(folder, 'documents'),
    egress: join(folder, 'egress'),
    config: join(folder, 'limb.toml'),
    readers: join(folder, 'readers.json'),
    tokenFile,
    async readToken() {
      const token = (await readIfThere(tokenFile))?.trim();
      return token === '' ? undefined : token;
    },
    async writeToken(token, identity) {
      await replace(tokenFile, `${token}\n`);
      await replace(join(folder, 'limb.json'), `${JSON.stringify({ identity })}\n`);
    },
    dropToken: () => rename(tokenFile, `${tokenFile}.rejected`),
    close: () => lock.release(),
  };
}

/** A reader sees the old text or the new one. */
async function replace(file: string, text: string): Promise<void> {
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
