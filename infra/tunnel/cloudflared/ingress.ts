import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { TunnelError } from '../errors.ts';
import { type Openings, pathsOf, patternsOf, type Services } from '../gate/services.ts';
import { filePath, hostname, portNumber } from '../providers/settings.ts';

export interface IngressOptions {
  /** The tunnel's own, from its credentials. */
  readonly tunnelId: string;
  readonly credentialsFile: string;
  readonly hostname: string;
  readonly services: Services;
  readonly openings: Openings;
  /** Of the gate, which sends on to the services. */
  readonly gatePort: number;
}

const rule = z.strictObject({
  hostname,
  path: z.string().regex(/^\^\//, 'must begin with ^/'),
  service: z.string(),
});
const lastRule = z.strictObject({ service: z.literal('http_status:404') });

const configuration = z.strictObject({
  tunnel: z.guid(),
  'credentials-file': filePath,
  'no-autoupdate': z.literal(true),
  ingress: z.array(z.union([rule, lastRule])).min(2),
});

/** The text of a `config.yml`: one rule for each service asked for, and a last one that answers 404. */
export function ingressText(options: IngressOptions): string {
  const { tunnelId, credentialsFile, services, openings, gatePort } = options;
  const rules = patternsOf(services, openings).map((pattern) => ({
    hostname: options.hostname,
    path: pattern,
    service: `http://127.0.0.1:${gatePort}`,
  }));
  const comment = [
    'Written by `helix tunnel setup cloudflared`, which also writes it anew.',
    'By the first rule the tunnel asks itself whether requests come through.',
    ...pathsOf(services, openings).map(
      ({ service, pattern }) =>
        `${pattern} leads to ${service} on 127.0.0.1:${services[service]}, by the gate that asks for tokens.`,
    ),
  ];
  const value = {
    tunnel: tunnelId,
    'credentials-file': credentialsFile,
    'no-autoupdate': true,
    ingress: [...rules, { service: 'http_status:404' }],
  };
  return `${comment.map((line) => `# ${line}`).join('\n')}\n${stringify(value, { lineWidth: 0 })}`;
}

/**
 * Checks that a configuration leads to one port of 127.0.0.1 under one hostname, and that whatever else is asked for is
 * answered with 404. @throws TunnelError `ingress-invalid`, which names each mistake
 */
export function validateIngress(
  text: string,
  expected: { readonly hostname: string; readonly gatePort: number },
): void {
  portNumber.parse(expected.gatePort);
  const parsed = configuration.safeParse(parse(text));
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { ingress } = parsed.data;
  const mistakes: string[] = [];
  for (const [at, entry] of ingress.entries()) {
    const isLast = at === ingress.length - 1;
    if (!('hostname' in entry)) {
      if (!isLast) mistakes.push(`rule ${at + 1} catches everything, so the rules after it are never reached`);
      continue;
    }
    if (isLast) mistakes.push('the last rule must be `service: http_status:404` without a hostname');
    if (entry.hostname !== expected.hostname)
      mistakes.push(`rule ${at + 1} is for ${entry.hostname}, not ${expected.hostname}`);
    if (entry.service !== `http://127.0.0.1:${expected.gatePort}`)
      mistakes.push(`rule ${at + 1} leads to ${entry.service}, not to http://127.0.0.1:${expected.gatePort}`);
  }
  if (mistakes.length > 0) throw invalid(mistakes.join('; '));
}

function invalid(why: string): TunnelError {
  return new TunnelError('ingress-invalid', `The configuration for cloudflared is wrong: ${why}`);
}
