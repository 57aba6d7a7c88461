import { spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';

/** util-linux and BusyBox exit so, and say nothing, when another process has the lock. */
const heldStatus = 1;

/**
 * Asks the kernel for the only lock on a directory. It ends with this process however that ends, and holds among processes
 * that cannot see each other, as those of containers with one volume cannot. Node cannot ask for it: the program `flock` asks
 * for the file that both have open, and the lock stays with it.
 * @returns `held` when another has it; undefined where there is no such program or the file system has no such locks
 */
export async function lockDirectory(directory: string): Promise<FileHandle | 'held' | undefined> {
  if (process.platform !== 'linux') return undefined;
  const file = await open(directory, 'r');
  const answer = await askFor(file);
  if (answer === 'ours') return file;
  await file.close();
  return answer;
}

function askFor(file: FileHandle): Promise<'ours' | 'held' | undefined> {
  return new Promise((resolve) => {
    const child = spawn('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'pipe', file.fd] });
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.on('error', () => resolve(undefined));
    child.on('close', (status) => {
      if (status === 0) resolve('ours');
      else resolve(status === heldStatus && complaint === '' ? 'held' : undefined);
    });
  });
}
