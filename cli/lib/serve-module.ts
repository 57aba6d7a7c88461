import { dashboardLink, dashboardOption } from './dashboard.ts';
import { type HistoryOptions, historyOf } from './history.ts';
import { untilAborted } from './interruption.ts';
import { type LimitOptions, limitsOf } from './limits.ts';
import { localUrl } from './local-url.ts';
import { openOwnHost } from './own-host.ts';
import { announce } from './running.ts';

export interface ServeOptions extends HistoryOptions, LimitOptions {
  readonly name: string;
  /** Absolute. */
  readonly data: string;
  readonly listen: { readonly host: string; readonly port: number };
}

/** Hosts a module as one database until the signal aborts. @throws Failure, and what keeps it from being published */
export async function serveModule(
  bundling: Promise<string>,
  { name, data, listen, ...hosting }: ServeOptions,
  signal: AbortSignal,
): Promise<void> {
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const host = await openOwnHost(data, listen, {
    ...dashboardOption(),
    onFailure: fail,
    ...historyOf(hosting),
    ...limitsOf(hosting),
  });
  let withdraw = async (): Promise<void> => {};
  try {
    const { database } = await host.databases.publish({
      name,
      owner: host.operator.identity,
      bundle: await bundling,
      clear: false,
      breakClients: true,
      token: undefined,
    });
    const tell = ({ level, message }: { level: string; message: string }): void =>
      console.error(`${level.toLowerCase()}: ${message}`);
    for (const record of database.logs(undefined)) tell(record);
    database.followLogs(tell);
    withdraw = await announce(data, host.url, name, (message) => console.error(`helix: ${message}`));
    console.log(`${name} is listening on ${host.url}`);
    if (dashboardOption().dashboard !== undefined) {
      const server = { url: localUrl(host.url), token: host.operator.token, database: name, tokenFrom: data };
      console.log(`Its dashboard is at ${await dashboardLink(server)}`);
    }
    await untilAborted(failed, signal);
  } finally {
    await withdraw();
    await host.close();
  }
}
