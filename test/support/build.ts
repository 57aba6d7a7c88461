import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Tests start real processes and worker threads, which run from `dist/`: it is built once before them. */
export default function buildOnce(): void {
  if (process.env['HELIX_TEST_NO_BUILD'] === '1') return;
  const root = fileURLToPath(new URL('../../', import.meta.url));
  execFileSync('npx', ['tsdown', '--logLevel', 'error'], { cwd: root, stdio: 'inherit' });
}
