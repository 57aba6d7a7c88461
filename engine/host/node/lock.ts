import { randomUUID } from 'node:crypto';
import { type FileHandle, link, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Lock, locked } from '../disk.ts';
import { lockDirectory } from './kernel-lock.ts';

/** What a lock file says about its holder. */
interface Holder {
  readonly pid: number;
  /** When the process began: a process id may be given again, and in a container it mostly is. */
  readonly startedMs: number;
  /** Tells one holding from every other. */
  readonly nonce: string;
  /** Whether it also has the kernel's lock on the directory, which says more than any number of a process. */
  readonly hasKernelLock: boolean;
}

const startedMs = Math.round(Date.now() - process.uptime() * 1000);
/** The same start, computed twice, differs by less. */
const startedToleranceMs = 100;

/** What this thread of the process holds. */
const held = new Set<string>();

/**
 * Claims a lock file, and the kernel's lock on its directory where there are such locks. A file left by a process that is gone is taken over; whoever takes it over must first make the file
 * that is named after the gone holder's nonce, which only one can.
 */
export async function lockFile(path: string): Promise<Lock> {
  const absolute = resolve(path);
  if (held.has(absolute)) throw locked(path, `this process (${process.pid})`);
  held.add(absolute);
  try {
    const kernelLock = await lockDirectory(dirname(absolute));
    if (kernelLock === 'held') throw locked(path, describe(await readHolder(absolute)));
    const own: Holder = { pid: process.pid, startedMs, nonce: randomUUID(), hasKernelLock: kernelLock !== undefined };
    try {
      await claimAs(own, path, absolute);
    } catch (error) {
      await kernelLock?.close();
      throw error;
    }
    return lockOf(own, absolute, kernelLock);
  } catch (error) {
    held.delete(absolute);
    throw error;
  }
}

function lockOf({ nonce }: Holder, absolute: string, kernelLock: FileHandle | undefined): Lock {
  return {
    release: async () => {
      if (!held.has(absolute)) return;
      const holder = await readHolder(absolute);
      if (holder?.nonce === nonce) await unlinkIfThere(absolute);
      await kernelLock?.close();
      held.delete(absolute);
    },
  };
}

async function claimAs(own: Holder, path: string, absolute: string): Promise<void> {
  const draft = `${absolute}.${own.nonce}`;
  try {
    await writeNew(draft, JSON.stringify(own));
    await claim(own, path, absolute, draft);
  } catch (error) {
    await unlinkIfThere(draft);
    throw error;
  }
}

async function claim(own: Holder, path: string, absolute: string, draft: string): Promise<void> {
  for (;;) {
    if (await linkIfFree(draft, absolute)) {
      await unlinkIfThere(draft);
      return;
    }
    const holder = await readHolder(absolute);
    if (holder === undefined) continue;
    // The kernel would not have given the lock to two.
    const isGone = own.hasKernelLock && holder.hasKernelLock;
    if (!isGone && isAlive(holder)) throw locked(path, describe(holder));
    const permit = `${absolute}.after.${holder.nonce}`;
    if (!(await linkIfFree(draft, permit))) {
      const taker = await readHolder(permit);
      const isTakerGone = own.hasKernelLock && taker?.hasKernelLock === true;
      if (!isTakerGone) throw locked(path, `a process that is taking it over (${permit})`);
    }
    // Between reading the holder and getting the permit, another may have taken over and given its permit back.
    const isStillGone = (await readHolder(absolute))?.nonce === holder.nonce;
    if (isStillGone) await rename(draft, absolute);
    await unlinkIfThere(permit);
    if (isStillGone) return;
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

/** @returns false when `to` exists */
async function linkIfFree(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @returns undefined when the file is gone; a holder that cannot be read counts as one that is gone */
async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const match = /^\{"pid":(\d+),"startedMs":(\d+),"nonce":"([0-9a-f-]{36})"(?:,"hasKernelLock":(true|false))?\}$/.exec(
    text,
  );
  const [, pid = '0', startedMs = '0', nonce = 'unreadable', hasKernelLock] = match ?? [];
  return { pid: Number(pid), startedMs: Number(startedMs), nonce, hasKernelLock: hasKernelLock === 'true' };
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function describe(holder: Holder | undefined): string {
  if (holder !== undefined && isAlive(holder)) return `process ${holder.pid}`;
  return 'a process that cannot be seen from here, such as one in another container';
}

function isAlive({ pid, startedMs: holderStartedMs }: Holder): boolean {
  if (pid === 0) return false;
  if (pid === process.pid) return Math.abs(holderStartedMs - startedMs) <= startedToleranceMs;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
