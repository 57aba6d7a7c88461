import type { Host } from '../../engine/index.ts';
import { answer } from '../lib/answer.ts';
import { type Hosted, hostModule } from '../lib/open-host.ts';

/** A hub that is reached by its sockets. */
export interface HelixAsks {
  /** @returns the address */
  start(argument: Hosted): Promise<string>;
  operatorToken(argument: null): string | undefined;
}

let host: Host | undefined;

const asks: HelixAsks = {
  async start(hosted) {
    host = await hostModule(hosted);
    return host.url;
  },
  operatorToken: () => host?.operator.token,
};

answer(asks, () => host?.close());
