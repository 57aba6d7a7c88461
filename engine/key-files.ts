import { Rejection } from './errors.ts';
import type { Disk } from './host/disk.ts';
import { hasRegistry, registryFile } from './registry.ts';
import { Authority, type AuthorityOptions, type Credentials } from './serve/identity/authority.ts';
import { fileKeyStore } from './serve/identity/keys.ts';

const signingKey = 'jwt-key.pem';
const operatorToken = 'operator.token';

/** The files of a data folder that say who signs its tokens, and who owns what it publishes. */
export const keyFiles: readonly string[] = [signingKey, operatorToken];

/** Who signs the tokens of a host, and who it is itself. */
export interface HostKeys {
  readonly authority: Authority;
  readonly operator: Credentials;
}

/**
 * Opens the keys of a data folder. A new one is given keys; in one that is in use they are missed, because other keys would
 * lock everybody out. @throws Rejection `signing-key`, `operator-token`, `key-missing` naming the file
 */
export async function openHostKeys(
  disk: Disk,
  directory: string,
  trusted: NonNullable<AuthorityOptions['trusted']>,
): Promise<HostKeys> {
  await requireKeyFiles(disk, directory);
  const authority = await Authority.open({ keys: fileKeyStore(`${directory}/${signingKey}`, disk), trusted });
  const file = `${directory}/${operatorToken}`;
  const saved = await disk.read(file);
  if (saved !== undefined) return { authority, operator: await verifyOperator(authority, file, saved) };
  const operator = await authority.mint();
  await disk.writeAtomic(file, Buffer.from(`${operator.token}\n`));
  return { authority, operator };
}

/** Verifies the keys of a data folder and changes nothing. @throws Rejection as `openHostKeys` */
export async function checkHostKeys(disk: Disk, directory: string): Promise<void> {
  await requireKeyFiles(disk, directory);
  if ((await disk.read(`${directory}/${signingKey}`)) !== undefined) await openHostKeys(disk, directory, []);
}

async function requireKeyFiles(disk: Disk, directory: string): Promise<void> {
  if (!(await hasRegistry(disk, directory))) return;
  for (const name of keyFiles) {
    if ((await disk.readPart(`${directory}/${name}`, 0, 1)) !== undefined) continue;
    const message = `${directory}/${name} is missing, but ${registryFile} is there: put it back from a backup`;
    throw new Rejection('key-missing', message);
  }
}

async function verifyOperator(authority: Authority, file: string, bytes: Uint8Array): Promise<Credentials> {
  try {
    return await authority.verify(Buffer.from(bytes).toString().trim());
  } catch (cause) {
    if (!(cause instanceof Rejection)) throw cause;
    const message = `${file} is damaged or of another data folder: ${cause.message} Restore it from a backup, together with ${signingKey}`;
    throw new Rejection('operator-token', message, { cause });
  }
}
