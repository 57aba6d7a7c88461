import { bundleModule, type Host, openHost } from '../../engine/index.ts';
import { answer } from '../lib/answer.ts';
import type { Asks } from '../lib/child.ts';

export interface HelixAsks extends Asks {
  /** Hosts a module on a data folder. @returns the address */
  start(argument: { readonly module: string; readonly name: string; readonly data: string }): Promise<string>;
}

let host: Host | undefined;

const asks: HelixAsks = {
  async start({ module, name, data }) {
    host = await openHost({
      dataDirectory: data,
      port: 0,
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
    return host.url;
  },
};

answer(asks, () => host?.close());
