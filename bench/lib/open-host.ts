import { bundleModule, type Host, openHost } from '../../engine/index.ts';

/** A module to host, and the folder of its data. */
export interface Hosted {
  readonly module: string;
  readonly name: string;
  readonly data: string;
  /** As of `openHost`. */
  readonly hostname?: string;
  /** As of `openHost`. */
  readonly snapshotAfterBytes?: number;
}

/** Hosts a module in this process, as `helix hub start` does. */
export async function hostModule({ module, name, data, ...options }: Hosted): Promise<Host> {
  const host = await openHost({
    dataDirectory: data,
    port: 0,
    ...options,
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
