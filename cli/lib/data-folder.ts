import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DataFolder } from '../../engine/data-folder.ts';
import { Rejection } from '../../engine/errors.ts';
import { nodeDisk } from '../../engine/host/node/disk.ts';
import { type Moment, timeMoment } from '../../engine/log/moment.ts';
import { Failure } from './failure.ts';
import { findHome } from './home.ts';
import { dataFolders } from './running.ts';

export interface DataOptions {
  /** Default: the hub's folder in HELIX_HOME, or where there is none that of the one server that keeps rows here. */
  readonly data?: string;
}

/** @throws Failure when there is more than one that could be meant */
export async function dataDirectory({ data }: DataOptions): Promise<string> {
  if (data !== undefined) return resolve(data);
  const { hubData } = findHome();
  if (existsSync(hubData)) return hubData;
  const found = (await dataFolders()).filter((folder) => existsSync(folder));
  if (found.length > 1)
    throw new Failure(`Several servers keep rows here: choose one with --data: ${found.join(', ')}`);
  return found[0] ?? hubData;
}

/** The data folder of a hub, which may run. @throws Failure */
export async function openDataFolder(options: DataOptions): Promise<DataFolder> {
  try {
    return await DataFolder.open(nodeDisk, await dataDirectory(options));
  } catch (error) {
    if (!(error instanceof Rejection) || error.code !== 'no-data') throw error;
    throw new Failure(`${error.message} with --data`, { cause: error });
  }
}

/** An offset in digits, or a time such as 2026-01-31T12:00:00Z. @throws Failure */
export function momentOf(text: string | undefined): Moment | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return { kind: 'offset', offset: Number(text) };
  const time = timeMoment(text);
  if (time !== undefined) return time;
  throw new Failure(
    `${text} is no moment: give an offset, such as 1200, or a time with its zone, such as 2026-01-31T12:00:00Z`,
  );
}

export function newNonce(): string {
  return randomBytes(16).toString('hex');
}
