import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from './failure.ts';
import { parseJson } from './home.ts';
import { findRoot } from './root.ts';
import { askText, type Server } from './server.ts';

const answer = z.object({ code: z.string().regex(/^[0-9a-f]+$/) });

/** What a host needs to serve the dashboard: its folder, once it is built. */
export function dashboardOption(): { readonly dashboard?: string } {
  const folder = join(findRoot(), 'web', 'dashboard', 'build');
  return existsSync(join(folder, 'index.html')) ? { dashboard: folder } : {};
}

/** A link that signs one browser in to the dashboard, once, within 15 minutes. @throws Failure */
export async function dashboardLink(server: Server): Promise<string> {
  const parsed = answer.safeParse(parseJson(await askText(server, 'POST', '/v1/identity/code')));
  if (!parsed.success) throw new Failure(`${server.url} makes no sign-in codes: is it an older version of Helix?`);
  return `${server.url}/_/#code=${parsed.data.code}`;
}
