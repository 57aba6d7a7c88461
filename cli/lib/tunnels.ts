import { TunnelFolder } from '../../infra/tunnel/index.ts';
import { Failure } from './failure.ts';
import { findHome } from './home.ts';

export function tunnelFolder(): TunnelFolder {
  return new TunnelFolder(findHome().tunnels);
}

/** The name that was given, or that of the only tunnel. @throws Failure */
export async function pickTunnel(folder: TunnelFolder, name: string | undefined): Promise<string> {
  if (name !== undefined) return (await folder.require(name)).definition.name;
  const names = await folder.names();
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  if (only !== undefined) throw new Failure(`Which of ${names.join(', ')}? Name one`);
  throw new Failure('No tunnel is set up here yet: see `helix tunnel setup --help`');
}
