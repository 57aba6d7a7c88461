import { z } from 'zod';
import { portNumber } from '../providers/settings.ts';

/** What may be reached through a tunnel, each a port of 127.0.0.1. */
export const services = z.strictObject({
  /** A hub: whoever has a token of it. */
  hub: portNumber.optional(),
  /** `helix sandbox mcp --port`: whoever has its token. */
  mcp: portNumber.optional(),
  /** The health port of a limb, or the port of a hub: whoever has the token of the tunnel. */
  metrics: portNumber.optional(),
});

export type Services = z.infer<typeof services>;
export type ServiceName = keyof Services;

/** What is let in without a token, by the operator's word. */
export const openings = z.strictObject({
  /** The files of the web face, which say nothing about this hub. */
  web: z.boolean().default(false),
  /** New identities, which can do nothing but redeem the code of an invite. */
  pairing: z.boolean().default(false),
  /** What others send to the hub's webhooks, which it takes only with the right signature. */
  webhooks: z.boolean().default(false),
});

export type Openings = z.infer<typeof openings>;

/** Where the tunnel asks itself whether requests come through; it answers with what only the asker knows. */
export const probePath = '/.well-known/helix-tunnel/';

/** The paths that a provider's own rules must let through, too. */
export function patternsOf(services: Services, openings: Openings): string[] {
  return [
    `^${probePath.replaceAll('.', '\\.')}[0-9a-f]+$`,
    ...pathsOf(services, openings).map(({ pattern }) => pattern),
  ];
}

/** The paths of each service, as patterns that begin and end with the path. */
export function pathsOf(services: Services, { web, webhooks }: Openings): { service: ServiceName; pattern: string }[] {
  const hub = web ? '^/' : webhooks ? '^/(v1/|hooks/[0-9]+$)' : '^/v1/';
  const paths: Record<ServiceName, string> = { mcp: '^/mcp$', metrics: '^/(metrics|healthz)$', hub };
  return (['mcp', 'metrics', 'hub'] as const)
    .filter((service) => services[service] !== undefined)
    .map((service) => ({ service, pattern: paths[service] }));
}

/** The service of a path; what is asked of a tunnel at this path goes nowhere else. */
export function serviceOf(path: string, services: Services, openings: Openings): ServiceName | undefined {
  const found = pathsOf(services, openings).find(({ pattern }) => new RegExp(pattern).test(path))?.service;
  return found === 'hub' && isForThisMachine.test(path) ? undefined : found;
}

/** The dashboard and the figures of a hub. */
const isForThisMachine = /^\/(_|metrics|v1\/metrics|v1\/prometheus)(\/|$)/;
