import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf, TunnelError } from '../errors.ts';
import { findProgram } from '../process/program.ts';

const checkMsMax = 15_000;

/** Has cloudflared itself validate a configuration; false when it is not on this machine. @throws TunnelError `ingress-invalid` */
export async function checkWithCloudflared(configFile: string): Promise<boolean> {
  const program = findProgram('cloudflared');
  if (program === undefined) return false;
  const args = ['tunnel', '--config', configFile, 'ingress', 'validate'];
  try {
    await promisify(execFile)(program, args, { timeout: checkMsMax });
    return true;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() || messageOf(error);
    throw new TunnelError('ingress-invalid', `cloudflared does not take ${configFile}: ${said}`, { cause: error });
  }
}
