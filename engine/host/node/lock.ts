import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Lock, locked } from '../disk.ts';

/** What a lock file says about its holder. */
interface Holder {
  readonly pid: number;
  /** When the process began: a process id may be given again, and in a container it mostly is. */
  readonly startedMs: number;
  /** Tells one holding from every other. */
  readonly nonce: string;
}

const startedMs = Math.round(Date.now() - process.uptime() * 1000);
/** The same start, computed twice, differs by less. */
const startedToleranceMs = 100;

/** What this thread of the process holds. */
const held = new Set<string>();

/**
 * Claims a lock file. One left by a process that is gone is taken over; whoever takes it over must first make the file
 * that is named after the gone holder's nonce, which only one can.
 */
export async function lockFile(path: string): Promise<Lock> {
  const absolute = resolve(path);
  if (held.has(absolute)) throw locked(path, `this process (${process.pid})`);
  held.add(absolute);
  const own: Holder = { pid: process.pid, startedMs, nonce: randomUUID() };
  const draft = `${absolute}.${own.nonce}`;
  try {
    await writeNew(draft, JSON.stringify(own));
    await claim(path, absolute, draft);
  } catch (error) {
    held.delete(absolute);
    await unlinkIfThere(draft);
    throw error;
  }
  return {
    release: async () => {
      if (!held.has(absolute)) return;
      const holder = await readHolder(absolute);
      if (holder?.nonce === own.nonce) await unlinkIfThere(absolute);
      held.delete(absolute);
    },
  };
}

async function claim(path: string, absolute: string, draft: string): Promise<void> {
  for (;;) {
    if (await linkIfFree(draft, absolute)) {
      await unlinkIfThere(draft);
      return;
    }
    const holder = await readHolder(absolute);
    if (holder === undefined) continue;
    if (isAlive(holder)) throw locked(path, `process ${holder.pid}`);
    const permit = `${absolute}.after.${holder.nonce}`;
    if (!(await linkIfFree(draft, permit))) throw locked(path, `a process that is taking it over (${permit})`);
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
  const match = /^\{"pid":(\d+),"startedMs":(\d+),"nonce":"([0-9a-f-]{36})"\}$/.exec(text);
  return { pid: Number(match?.[1] ?? 0), startedMs: Number(match?.[2] ?? 0), nonce: match?.[3] ?? 'unreadable' };
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
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
