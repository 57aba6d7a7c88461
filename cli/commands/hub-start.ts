import { resolve } from 'node:path';
import { requireDatabaseName } from '../../engine/index.ts';
import { dashboardLink, dashboardOption } from '../lib/dashboard.ts';
import { type HistoryOptions, historyOf } from '../lib/history.ts';
import { interruption, untilAborted } from '../lib/interruption.ts';
import { type LimitOptions, limitsOf } from '../lib/limits.ts';
import { bundleFile } from '../lib/module-file.ts';
import { openOwnHost } from '../lib/own-host.ts';
import { announce } from '../lib/running.ts';
import { localUrl } from '../start/hub.ts';

export interface HubStartOptions extends HistoryOptions, LimitOptions {
  readonly module: string;
  readonly name: string;
  readonly data: string;
  readonly listen: { readonly host: string; readonly port: number };
}

/** Hosts one module until it is asked to end. */
export async function hubStart({ module, name, data, listen, ...hosting }: HubStartOptions): Promise<void> {
  const { signal } = interruption();
  requireDatabaseName(name);
  const bundle = await bundleFile(module);
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const host = await openOwnHost(resolve(data), listen, {
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
      bundle,
      clear: false,
      breakClients: true,
      token: undefined,
    });
    database.followLogs(({ level, message }) => console.error(`${level.toLowerCase()}: ${message}`));
    withdraw = await announce(resolve(data), host.url, name);
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
