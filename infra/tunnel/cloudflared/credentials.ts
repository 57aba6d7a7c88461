import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { TunnelError } from '../errors.ts';
import { requireSecretFile } from '../process/secret.ts';

const credentials = z.object({ AccountTag: z.string().min(1), TunnelSecret: z.string().min(1), TunnelID: z.guid() });

/** The tunnel that a credentials file of `cloudflared tunnel create` is for. @throws TunnelError */
export async function tunnelIdOf(file: string): Promise<string> {
  await requireSecretFile(file, "the tunnel's credentials");
  const text = await readFile(file, 'utf8');
  const parsed = credentials.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.TunnelID;
  throw new TunnelError(
    'credentials-invalid',
    `${file} is no credentials file of a tunnel: give the one that \`cloudflared tunnel create <name>\` has written`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
