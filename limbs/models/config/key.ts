import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { LimbError } from '../../errors.ts';
import type { Key } from './config.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of a variable; none when it is not set, or blank. */
export function read(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

export function keyFromEnvironment(env: Environment, name: string, setting: string): Key {
  const value = read(env, name);
  if (value !== undefined) return { value };
  return { missing: `${name} is not set, from which ${setting} reads the key. Set it before the limb starts.` };
}

/**
 * The key that a file holds, by its path or by its path from the folder of limb.toml. Throws `LimbError` when others may
 * read it.
 */
export async function keyFromFile(path: string, configFile: string, setting: string): Promise<Key> {
  const file = isAbsolute(path) ? path : join(dirname(configFile), path);
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new LimbError('key-exposed', `${file} may be read by others on this machine. Run: chmod 600 ${file}`);
    }
    const value = (await readFile(file, 'utf8')).trim();
    if (value !== '' && !/\s/.test(value)) return { value };
    return { missing: `${file} holds no key, where ${setting} looks for it: expected the key alone, on one line.` };
  } catch (error) {
    if (error instanceof LimbError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    return { missing: `${file} cannot be read (${code}), where ${setting} looks for the key.` };
  }
}
