import { bundleModule, type Host, openHost, serveStatic } from '../../engine/index.ts';

/** A module to host, and the folder of its data. */
export interface Hosted {
  readonly module: string;
  readonly name: string;
  readonly data: string;
  /** As of `openHost`. */
  readonly hostname?: string;
  /** As of `openHost`. */
  readonly snapshotAfterBytes?: number;
  /** A folder of pages that are served beside it. */
  readonly pages?: string;
}

/** Hosts a module in this process, as `helix hub start` does. */
export async function hostModule({ module, name, data, pages, ...options }: Hosted): Promise<Host> {
  const host = await openHost({
    dataDirectory: data,
    port: 0,
    ...options,
    ...(pages === undefined ? {} : { fallback: serveStatic(pages) }),
    onFailure: (error) => {
      throw error;
    },
  });
  await host.databases.publish({
    name,
    owner: host.operator.identity,
    bundle: await bundleModule(module),
    clear: false,
    breakClients: true,
    token: undefined,
  });
  return host;
}
