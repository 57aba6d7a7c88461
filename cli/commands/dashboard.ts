import { checkDashboard, dashboardLink } from '../lib/dashboard.ts';
import { findServer, type ServerOptions } from '../lib/server.ts';

/** Prints a link that signs one browser in to the dashboard of a server. */
export async function dashboard(options: ServerOptions): Promise<void> {
  const server = await findServer(options);
  await checkDashboard(server);
  console.log(await dashboardLink(server));
  console.error(
    'Whoever opens this link in the next 15 minutes sees and changes your databases on this server. It works once.',
  );
}
