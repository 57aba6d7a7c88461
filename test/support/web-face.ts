import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildWeb, isWebStale } from '../../cli/start/web-face.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const lock = join(root, 'dist/test/building-web-face');
/** Somebody who has held the lock for so long was killed. */
const lockMsMax = 180_000;

/** Builds the web face unless that has been done since its sources changed; test files that run at once wait for one. */
export async function buildWebFace(): Promise<void> {
  await mkdir(join(root, 'dist/test'), { recursive: true });
  while (await isWebStale(root)) {
    if (await take()) {
      try {
        await buildWeb(root, new AbortController().signal, () => {});
      } finally {
        await rm(lock, { recursive: true, force: true });
      }
    } else await sleep(200);
  }
}

async function take(): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch {
    const held = await stat(lock).catch(() => undefined);
    if (held && Date.now() - held.mtimeMs > lockMsMax) await rm(lock, { recursive: true, force: true });
    return false;
  }
}
