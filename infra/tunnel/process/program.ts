import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { TunnelError } from '../errors.ts';

/** The path of a program; undefined when this machine has none. Looks where administrators' programs are, too. */
export function findProgram(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  if (isAbsolute(name)) return isProgram(name) ? name : undefined;
  const folders = [...path.split(delimiter).filter((folder) => isAbsolute(folder)), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** @throws TunnelError `program-missing`, which says how to install it. */
export function requireProgram(name: string, howToInstall: string): string {
  const found = findProgram(name);
  if (found === undefined) {
    throw new TunnelError('program-missing', `The program ${name} is not on this machine: ${howToInstall}`);
  }
  return found;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
