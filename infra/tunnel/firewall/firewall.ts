import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { messageOf, TunnelError } from '../errors.ts';
import type { Backend } from './backend.ts';
import { deleteTable, nftables } from './nftables.ts';
import { ufw } from './ufw.ts';

/** Gone after a restart of the machine, as the rules of nftables are. */
const folder = '/run/helix-firewall';
const [pendingFile, undoFile] = [join(folder, 'pending'), join(folder, 'undo.sh')];
/** Takes back what was confirmed before the rules that wait for their confirmation. */
const earlierUndoFile = join(folder, 'undo-earlier.sh');

const isPendingLine = `[ "$(head -n 1 ${pendingFile} 2>/dev/null)" = "$1" ]`;
/** Takes the rules back unless they were confirmed, or applied again, meanwhile. */
const undoLines = `${isPendingLine} && sh ${undoFile} && rm -f ${pendingFile} ${undoFile} && if [ -e ${earlierUndoFile} ]; then mv ${earlierUndoFile} ${undoFile}; fi`;

export const backends: Readonly<Record<Backend['name'], Backend>> = { nftables, ufw };

export interface FirewallState {
  /** Whether every inbound port is closed. */
  readonly isOn: boolean;
  /** When the rules are taken back unless they are confirmed. */
  readonly rollbackAt: Date | undefined;
}

/**
 * Closes every inbound port, and opens what was open again after `confirmMs` unless `confirmFirewall` was called: whoever
 * is locked out by it has only to wait. @throws TunnelError
 */
export async function applyFirewall(backend: Backend, confirmMs: number): Promise<FirewallState> {
  requireRoot();
  if ((await pending()) !== undefined) {
    throw new TunnelError(
      'firewall-pending',
      'Rules wait for their confirmation already: confirm them, or roll them back',
    );
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const apply = backend.apply();
  const undo = await backend.rollback();
  if (existsSync(undoFile)) await rename(undoFile, earlierUndoFile);
  await writeFile(undoFile, undo, { mode: 0o600 });
  const id = randomUUID();
  const rollbackAt = new Date(Date.now() + confirmMs);
  await writeFile(pendingFile, `${id}\n${rollbackAt.toISOString()}\n`, { mode: 0o600 });
  // The way back is there before the first rule is.
  await watch(id, confirmMs);
  try {
    await shell(apply);
  } catch (error) {
    await rollbackFirewall();
    throw error;
  }
  return { isOn: true, rollbackAt };
}

/** Lets the rules stay. @throws TunnelError `firewall-unconfirmed` when none wait */
export async function confirmFirewall(): Promise<void> {
  requireRoot();
  if ((await pending()) === undefined) {
    throw new TunnelError(
      'firewall-unconfirmed',
      'No rules wait for a confirmation: they were rolled back, or never applied',
    );
  }
  if (existsSync(earlierUndoFile)) {
    const draft = `${undoFile}.new`;
    await writeFile(draft, `${await readFile(undoFile, 'utf8')}\n${await readFile(earlierUndoFile, 'utf8')}`, {
      mode: 0o600,
    });
    await rename(draft, undoFile);
    await rm(earlierUndoFile);
  }
  await rm(pendingFile);
}

/**
 * Puts back what was there before the rules that wait for their confirmation; when none wait, what was there before the first
 * that were confirmed. @throws TunnelError when none were applied
 */
export async function rollbackFirewall(): Promise<void> {
  requireRoot();
  if (!existsSync(undoFile)) {
    // After a restart of the machine the rules may be in force by their service, and nothing was before them.
    if (await deleteTable()) return;
    throw new TunnelError(
      'firewall-unknown',
      'Nothing is known here of what was before: no rules were applied since the start of this machine',
    );
  }
  await shell(await readFile(undoFile, 'utf8'));
  await rm(pendingFile, { force: true });
  await rm(undoFile);
  if (existsSync(earlierUndoFile)) await rename(earlierUndoFile, undoFile);
}

/** @throws TunnelError when it cannot be seen, such as by somebody who is not root */
export async function firewallState(backend: Backend): Promise<FirewallState> {
  return { isOn: await backend.isOn(), rollbackAt: (await pending().catch(() => undefined))?.rollbackAt };
}

async function pending(): Promise<{ rollbackAt: Date } | undefined> {
  let text: string;
  try {
    text = await readFile(pendingFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return { rollbackAt: new Date(z.iso.datetime().parse(text.split('\n')[1])) };
}

/** Survives this process, its terminal and its session. */
async function watch(id: string, afterMs: number): Promise<void> {
  const seconds = String(Math.ceil(afterMs / 1000));
  if (existsSync('/run/systemd/system')) {
    const timer = ['--quiet', '--collect', `--on-active=${seconds}`, '--timer-property=AccuracySec=1s'];
    await run('systemd-run', [...timer, '/bin/sh', '-c', undoLines, 'rollback', id]);
    return;
  }
  // It looks every second, so that it does not stay for longer than it is needed.
  const script = `left=${seconds}; while ${isPendingLine} && [ "$left" -gt 0 ]; do sleep 1; left=$((left - 1)); done; ${undoLines}`;
  spawn('/bin/sh', ['-c', script, 'rollback', id], { detached: true, stdio: 'ignore', cwd: '/' }).unref();
}

function requireRoot(): void {
  if (process.getuid?.() !== 0) throw new TunnelError('not-root', 'Only root changes the firewall: run it with sudo');
}

function shell(script: string): Promise<void> {
  return run('/bin/sh', ['-c', script]);
}

async function run(program: string, args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(program, args);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() || messageOf(error);
    throw new TunnelError('firewall-failed', `The firewall was not changed: ${said}`, { cause: error });
  }
}
