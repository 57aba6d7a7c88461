import { readFile } from 'node:fs/promises';

/** A process by its number and its start, because numbers come again; empty when there is none. */
export async function describeProcess(pid: number): Promise<string> {
  if (!Number.isInteger(pid) || pid < 1) return '';
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return '';
  }
  // Only Linux tells the start; it may also end at this moment.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name in parentheses may hold spaces; the start is the 20th field after it.
  return `${pid} ${stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`.trim();
}
