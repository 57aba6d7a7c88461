import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from './failure.ts';
import { parseJson } from './files.ts';
import { findRoot } from './root.ts';
import { ask, askText, type Server } from './server.ts';

const answer = z.object({ code: z.string().regex(/^[0-9a-f]+$/) });

/** What a host needs to serve the dashboard: its folder. An installed package has it built, a checkout after `npm ci`. */
export function dashboardOption(): { readonly dashboard?: string } {
  const folder = join(findRoot(), 'web', 'dashboard', 'build');
  return existsSync(join(folder, 'index.html')) ? { dashboard: folder } : {};
}

/** @throws Failure when the server serves no dashboard */
export async function checkDashboard(server: Server): Promise<void> {
  const response = await ask(server, 'GET', '/_/');
  await response.body?.cancel();
  if (response.ok) return;
  throw new Failure(
    `${server.url} serves no dashboard: where it was started, build it with \`npm run build:dashboard\` and start it again`,
  );
}

/** A link that signs one browser in to the dashboard, once, within 15 minutes. @throws Failure */
export async function dashboardLink(server: Server): Promise<string> {
  const parsed = answer.safeParse(parseJson(await askText(server, 'POST', '/v1/identity/code')));
  if (!parsed.success) throw new Failure(`${server.url} makes no sign-in codes: is it an older version of Helix?`);
  return `${server.url}/_/#code=${parsed.data.code}`;
}
