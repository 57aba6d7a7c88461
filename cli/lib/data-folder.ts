import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { DataFolder } from '../../engine/data-folder.ts';
import { nodeDisk } from '../../engine/host/node/disk.ts';
import type { Moment } from '../../engine/log/cut.ts';
import { Failure } from './failure.ts';
import { findHome } from './home.ts';

export interface DataOptions {
  /** Default: the hub's folder in HELIX_HOME. */
  readonly data?: string;
}

export function dataDirectory({ data }: DataOptions): string {
  return data === undefined ? findHome().hubData : resolve(data);
}

/** The data folder of a hub, which may run. @throws Rejection `no-data` */
export function openDataFolder(options: DataOptions): Promise<DataFolder> {
  return DataFolder.open(nodeDisk, dataDirectory(options));
}

/** An offset in digits, or a time such as 2026-01-31T12:00:00Z. @throws Failure */
export function momentOf(text: string | undefined): Moment | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return { kind: 'offset', offset: Number(text) };
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) {
    throw new Failure(`${text} is no moment: give an offset, such as 1200, or a time, such as 2026-01-31T12:00:00Z`);
  }
  return { kind: 'time', micros: BigInt(ms) * 1000n };
}

export function newNonce(): string {
  return randomBytes(16).toString('hex');
}
