import { readFile, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { TunnelError } from '../errors.ts';

/** Where a secret is: it stands in no command, log, or unit file. */
export type SecretSource = { readonly file: string } | { readonly env: string };

const othersMayRead = 0o077;

/** @throws TunnelError `secret-missing`, `secret-readable` when others of this machine may read it. */
export async function readSecret(source: SecretSource, what: string): Promise<string> {
  if ('env' in source) {
    const text = process.env[source.env]?.trim();
    if (!text) throw new TunnelError('secret-missing', `${what} is missing: set ${source.env} in the environment`);
    return text;
  }
  await requireSecretFile(source.file, what);
  const text = (await readFile(source.file, 'utf8')).trim();
  if (text === '') throw new TunnelError('secret-missing', `${what} is missing: ${source.file} is empty`);
  return text;
}

/** A file that only its owner may read. @throws TunnelError like `readSecret` */
export async function requireSecretFile(file: string, what: string): Promise<void> {
  if (!isAbsolute(file)) throw new TunnelError('secret-missing', `${file} is no absolute path: give ${what} by one`);
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new TunnelError('secret-missing', `${what} cannot be read from ${file} (${cause.code}): check the path`, {
      cause,
    });
  });
  if (!found.isFile()) throw new TunnelError('secret-missing', `${file} is no file: give the file with ${what}`);
  if ((found.mode & othersMayRead) !== 0) {
    throw new TunnelError('secret-readable', `Others on this machine may read ${file}: run \`chmod 600 ${file}\``);
  }
}
