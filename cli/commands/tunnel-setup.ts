import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import {
  checkWithCloudflared,
  type Definition,
  definition,
  findProgram,
  ingressText,
  installUnit,
  pathsOf,
  patternsOf,
  requireSystemd,
  type TunnelFolder,
  tunnelIdOf,
  validateIngress,
} from '../../infra/tunnel/index.ts';
import { Failure } from '../lib/failure.ts';
import { findHome } from '../lib/home.ts';
import { findRoot } from '../lib/root.ts';
import {
  freePort,
  openingsOf,
  type PlanOptions,
  type SecretOptions,
  secretOf,
  servicesOf,
} from '../lib/tunnel-plan.ts';
import { tunnelFolder } from '../lib/tunnels.ts';

interface CloudflaredOptions extends PlanOptions, SecretOptions {
  readonly hostname?: string;
  readonly credentialsFile?: string;
  readonly quick?: boolean;
}

export async function setupCloudflared(options: CloudflaredOptions): Promise<void> {
  const folder = tunnelFolder();
  const configFile = folder.path(options.name, 'config.yml');
  const { hostname } = options;
  if (options.quick) {
    const value = await plan(options, { kind: 'cloudflared', mode: 'quick', configFile });
    folder.write(value.name, 'config.yml', '# A quick tunnel has no settings.\n');
    return finish(folder, value, options, [
      'Its address changes with each start; `helix tunnel status` says it. A quick tunnel is for a try: Cloudflare gives no promise for it.',
    ]);
  }
  if (hostname === undefined) throw new Failure('Where is it to be reached? Give --hostname, or --quick for a try');
  const token = secretOf(options);
  if (token !== undefined) {
    const value = await plan(options, { kind: 'cloudflared', mode: 'token', hostname, token, configFile });
    folder.write(value.name, 'config.yml', '# The rules of this tunnel are in the dashboard of Cloudflare.\n');
    return finish(folder, value, options, dashboardSteps(value, hostname));
  }
  const credentialsFile = resolve(options.credentialsFile ?? (await findCredentials()));
  const tunnelId = await tunnelIdOf(credentialsFile);
  const value = await plan(options, {
    kind: 'cloudflared',
    mode: 'credentials',
    hostname,
    credentialsFile,
    configFile,
  });
  const { services, openings, gatePort } = value;
  const text = ingressText({ tunnelId, credentialsFile, hostname, services, openings, gatePort });
  validateIngress(text, { hostname, gatePort });
  folder.write(value.name, 'config.yml', text);
  const isChecked = await checkWithCloudflared(configFile);
  console.log(`${configFile}, ${isChecked ? 'which cloudflared has validated, too' : 'validated here'}:\n`);
  console.log(text.replaceAll(/^/gm, '  ').trimEnd());
  await finish(folder, value, options, [
    `The name must lead to the tunnel, once: run \`cloudflared tunnel route dns ${tunnelId} ${hostname}\`,`,
    `or add a proxied CNAME record ${hostname} -> ${tunnelId}.cfargotunnel.com to its zone.`,
  ]);
}

export async function setupSsh(
  options: PlanOptions & {
    readonly to: string;
    readonly sshPort: number;
    readonly remotePort: number;
    readonly remoteHost?: string;
    readonly address: string;
    readonly knownHosts: string;
    readonly identityFile?: string;
  },
): Promise<void> {
  const { to: destination, sshPort, remotePort, remoteHost, address, knownHosts, identityFile } = options;
  const value = await plan(options, {
    kind: 'ssh',
    destination,
    port: sshPort,
    remotePort,
    ...(remoteHost === undefined ? {} : { remoteHost }),
    address,
    knownHostsFile: resolve(knownHosts),
    ...(identityFile === undefined ? {} : { identityFile: resolve(identityFile) }),
  });
  const host = destination.slice(destination.lastIndexOf('@') + 1);
  await finish(tunnelFolder(), value, options, [
    `On ${host}, let the key forward this port and nothing else, in ~/.ssh/authorized_keys:`,
    `  restrict,port-forwarding,permitlisten="${remoteHost ?? 'localhost'}:${remotePort}" ssh-ed25519 …`,
    ...(remoteHost === undefined
      ? []
      : ['and let sshd listen there: `GatewayPorts clientspecified` in its sshd_config.']),
    ...plainWarning(address),
  ]);
}

export async function setupTailscale(options: PlanOptions & { readonly httpsPort: string }): Promise<void> {
  const value = await plan(options, { kind: 'tailscale', httpsPort: Number(options.httpsPort) });
  await finish(tunnelFolder(), value, options, [
    'The tailnet must allow this machine a funnel: see https://tailscale.com/kb/1223/funnel.',
  ]);
}

export async function setupNgrok(options: PlanOptions & SecretOptions & { readonly hostname?: string }): Promise<void> {
  const token = secretOf(options);
  if (token === undefined) throw new Failure('ngrok asks for an authtoken: give it by --token-file or --token-env');
  const { hostname } = options;
  const value = await plan(options, { kind: 'ngrok', token, ...(hostname === undefined ? {} : { hostname }) });
  await finish(tunnelFolder(), value, options, []);
}

export async function setupBore(
  options: PlanOptions & SecretOptions & { readonly to: string; readonly remotePort?: number },
): Promise<void> {
  const { to: server, remotePort } = options;
  const secret = secretOf(options);
  const value = await plan(options, {
    kind: 'bore',
    server,
    ...(remotePort === undefined ? {} : { remotePort }),
    ...(secret === undefined ? {} : { secret }),
  });
  await finish(tunnelFolder(), value, options, plainWarning('http:'));
}

export async function setupCustom(
  command: readonly string[],
  options: PlanOptions & { readonly pattern?: string; readonly address?: string; readonly passEnv?: readonly string[] },
): Promise<void> {
  const { pattern, address, passEnv = [] } = options;
  if (pattern !== undefined) requirePattern(pattern);
  const value = await plan(options, {
    kind: 'custom',
    command,
    passEnv,
    ...(pattern === undefined ? {} : { pattern }),
    ...(address === undefined ? {} : { address }),
  });
  await finish(tunnelFolder(), value, options, plainWarning(address ?? 'https:'));
}

/** @throws Failure, which names each mistake */
async function plan(options: PlanOptions, provider: Record<string, unknown>): Promise<Definition> {
  const running = await tunnelFolder()
    .find(options.name)
    .catch(() => undefined);
  if (running?.pid !== undefined && !options.install) {
    throw new Failure(`The tunnel ${options.name} is up: run \`helix tunnel down ${options.name}\` first`);
  }
  if (options.install) requireSystemd();
  const parsed = definition.safeParse({
    name: options.name,
    provider,
    services: await servicesOf(options.expose),
    openings: openingsOf(options.allow),
    gatePort: options.gatePort ?? running?.definition.gatePort ?? (await freePort()),
  });
  if (!parsed.success) throw new Failure(`This tunnel cannot be set up: ${z.prettifyError(parsed.error)}`);
  if (options.install) requireNoVariables(parsed.data);
  return parsed.data;
}

async function finish(
  folder: TunnelFolder,
  value: Definition,
  { install }: PlanOptions,
  steps: readonly string[],
): Promise<void> {
  folder.writeDefinition(value);
  const { name, provider, services, openings } = value;
  console.log(`\nThe tunnel ${name} (${provider.kind}) is set up. From outside it leads to:`);
  for (const { service, pattern } of pathsOf(services, openings)) {
    console.log(`  ${service} on 127.0.0.1:${services[service]}, at paths like ${pattern}`);
  }
  if (services.metrics !== undefined) {
    await folder.token(name);
    console.log(`The metrics ask for the token in ${folder.path(name, 'token')}.`);
  }
  if (steps.length > 0) console.log(`\n${steps.join('\n')}`);
  const program = provider.kind === 'custom' ? undefined : provider.kind;
  if (program !== undefined && findProgram(program) === undefined) {
    console.log(`\n${program} is not on this machine yet; \`helix tunnel up ${name}\` says how to install it.`);
  }
  if (!install) return console.log(`\nStart it: helix tunnel up ${name}`);
  const home = findHome().folder;
  const user = String((await stat(home)).uid);
  const command = [process.execPath, join(findRoot(), 'cli/bin.js')];
  const file = await installUnit({ name, user, home, command });
  console.log(`\n${file} keeps it up, now and with each start of the machine: journalctl -u helix-tunnel-${name}`);
}

/** A service has no variables of a shell. */
function requireNoVariables({ provider }: Definition): void {
  const variables = [
    ...('token' in provider && 'env' in provider.token ? [provider.token.env] : []),
    ...('secret' in provider && provider.secret && 'env' in provider.secret ? [provider.secret.env] : []),
    ...('passEnv' in provider ? provider.passEnv : []),
  ];
  if (variables.length === 0) return;
  throw new Failure(
    `A service does not know the variable ${variables.join(', ')}: keep the secret in a file, by --token-file`,
  );
}

async function findCredentials(): Promise<string> {
  const place = join(homedir(), '.cloudflared');
  const names = (await readdir(place).catch(() => [])).filter((name) => /^[0-9a-f-]{36}\.json$/.test(name));
  const [only] = names;
  if (only !== undefined && names.length === 1) return join(place, only);
  throw new Failure(
    only === undefined
      ? 'There are no credentials of a tunnel in ~/.cloudflared: run `cloudflared tunnel login` and `cloudflared tunnel create helix`, or give --token-file'
      : `Which of the tunnels in ~/.cloudflared? Give --credentials-file: ${names.join(', ')}`,
  );
}

function dashboardSteps({ gatePort, services, openings }: Definition, hostname: string): string[] {
  return [
    "The rules of a tunnel by token are Cloudflare's: in the dashboard, under Networks, Tunnels, give the tunnel",
    'these public hostnames, which also makes the DNS record, and leave its catch-all rule at http_status:404:',
    ...patternsOf(services, openings).map(
      (pattern) => `  ${hostname}, path ${pattern} -> http://127.0.0.1:${gatePort}`,
    ),
  ];
}

function plainWarning(address: string): string[] {
  if (!address.startsWith('http:')) return [];
  return [
    'Attention: http:// is not encrypted. Whoever is on the way can read tokens: put a proxy with TLS before it.',
  ];
}

function requirePattern(pattern: string): void {
  try {
    new RegExp(pattern);
  } catch (error) {
    throw new Failure(`--pattern is no pattern: ${(error as Error).message}`, { cause: error });
  }
}
