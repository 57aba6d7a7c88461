import { assert } from '../errors.ts';
import type { Clock } from '../host/clock.ts';
import type { Listener, Net, SocketRequest } from '../host/net.ts';
import { inBareTurn } from '../host/node/bare-turn.ts';
import { nodeClock } from '../host/node/clock.ts';
import { nodeNet } from '../host/node/net.ts';
import { nodeRandom } from '../host/node/random.ts';
import type { Random } from '../host/random.ts';
import { runBare } from '../module/guard.ts';
import type { Databases } from './contract.ts';
import { createApp } from './http/app.ts';
import { metricsText } from './http/metrics.ts';
import type { Authority } from './identity/authority.ts';
import { OneTimeCodes } from './identity/codes.ts';
import { createCounters } from './socket/counters.ts';
import { defaultLimits, type Limits } from './socket/limits.ts';
import { Sockets } from './socket/sockets.ts';

const closeGraceMs = 5_000;

export interface ServerOptions {
  readonly databases: Databases;
  readonly authority: Authority;
  /** Answers requests outside `/v1`, such as a web application's; default 404. */
  readonly fallback?: (request: Request) => Response | Promise<Response>;
  /** Answers requests under `/_/`; default: they go to `fallback`. */
  readonly dashboard?: (request: Request) => Response | Promise<Response>;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly net?: Net;
  /** Further metrics in Prometheus' text format, appended to the transport's. */
  readonly metrics?: () => string;
  /** Told of every error that is not a caller's mistake; default the console. */
  readonly report?: (error: unknown, doing: string) => void;
}

export interface Server {
  /** Starts to accept connections; port 0 picks a free one. @returns the port */
  listen(port: number, hostname?: string): Promise<number>;
  /** Answers one HTTP request without a socket. */
  fetch(request: Request): Promise<Response>;
  /** Ends every connection, each with its disconnect hook, and stops. Waits 5 s at most for clients to say goodbye. */
  close(): Promise<void>;
}

/** HTTP and WebSocket for the databases of one host. */
export function createServer(options: ServerOptions): Server {
  const { databases, authority, clock = nodeClock, random = nodeRandom, net = nodeNet } = options;
  const report = options.report ?? ((error, doing) => console.error(`While ${doing}:`, error));
  const limits = { ...defaultLimits, ...options.limits };
  const counters = createCounters();
  const sockets = new Sockets({
    databases,
    authority,
    clock,
    random,
    limits,
    counters,
    atTurnEnd: (run) => inBareTurn(() => runBare(run)),
    report,
  });
  const metrics = () => metricsText(counters) + (options.metrics?.() ?? '');
  const codes = new OneTimeCodes(authority, clock, random);
  const { dashboard, fallback } = options;
  const app = createApp({ databases, authority, codes, clock, report, counters, metrics, dashboard, fallback });

  let listener: Listener | undefined;

  return {
    async listen(port, hostname = '127.0.0.1') {
      assert(!listener, 'a server listens once');
      const service = {
        fetch: (request: Request) => app.fetch(request),
        admit: (request: SocketRequest) => sockets.admit(request),
      };
      listener = await net.listen(service, { port, hostname, messageBytesMax: limits.messageBytesMax });
      return listener.port;
    },
    async fetch(request) {
      return app.fetch(request);
    },
    async close() {
      listener?.stopAccepting();
      await sockets.close(closeGraceMs);
      await listener?.close();
    },
  };
}
