import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from './failure.ts';
import { parseJson, readText, writeSecret } from './files.ts';

const saved = z.record(z.string(), z.string());
const minted = z.object({ token: z.string().min(1) });

/** Where this user's own settings are kept. */
export function configFolder(): string {
  return join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'helix');
}

/** Where the identities of this user are kept, one for each server. */
export function identitiesFile(): string {
  return join(configFolder(), 'identities.json');
}

/** The token of this user's own identity on a server, if there is one already. */
export async function knownToken(origin: string): Promise<string | undefined> {
  return (await readIdentities())[origin];
}

/** The token of this user's own identity on a server; a new one is asked for the first time. */
export async function ownToken(origin: string, mint: () => Promise<unknown>): Promise<string> {
  const identities = await readIdentities();
  const known = identities[origin];
  if (known !== undefined) return known;
  const answer = minted.safeParse(await mint());
  if (!answer.success) throw new Failure(`${origin} answers, but not as a server of databases: check the address`);
  const { token } = answer.data;
  await writeSecret(identitiesFile(), `${JSON.stringify({ ...identities, [origin]: token }, undefined, 2)}\n`);
  return token;
}

async function readIdentities(): Promise<Readonly<Record<string, string>>> {
  const file = identitiesFile();
  const text = await readText(file);
  const tokens = saved.safeParse(text === undefined ? {} : parseJson(text));
  if (!tokens.success) throw new Failure(`${file} is damaged: delete it, or name a token with --token-file`);
  return tokens.data;
}
