import { z } from 'zod';
import { requireProgram } from '../process/program.ts';
import { readSecret, requireSecretFile } from '../process/secret.ts';
import { type Known, type Launch, type Provider, problemIn } from './provider.ts';
import { filePath, hostname, secretSource } from './settings.ts';

const quick = z.strictObject({
  kind: z.literal('cloudflared'),
  mode: z.literal('quick'),
  /** A file without settings: with the user's own there are no quick tunnels. */
  configFile: filePath,
});

const byToken = z.strictObject({
  kind: z.literal('cloudflared'),
  mode: z.literal('token'),
  hostname,
  token: secretSource,
  configFile: filePath,
});

const byCredentials = z.strictObject({
  kind: z.literal('cloudflared'),
  mode: z.literal('credentials'),
  hostname,
  credentialsFile: filePath,
  /** With the ingress rules. */
  configFile: filePath,
});

export const cloudflaredSettings = z.discriminatedUnion('mode', [quick, byToken, byCredentials]);

export const cloudflaredInstall =
  'install it by https://pkg.cloudflare.com (`apt-get install cloudflared`) or from https://github.com/cloudflare/cloudflared/releases';

/** Cloudflare's tunnels: under a name of one's own, or a quick one under a name that changes with each start. */
export class CloudflaredProvider implements Provider {
  readonly kind = 'cloudflared';
  readonly #settings: z.infer<typeof cloudflaredSettings>;

  constructor(settings: z.infer<typeof cloudflaredSettings>) {
    this.#settings = settings;
  }

  async launch(port: number): Promise<Launch> {
    const settings = this.#settings;
    const command = requireProgram('cloudflared', cloudflaredInstall);
    const common = ['tunnel', '--config', settings.configFile, '--no-autoupdate'];
    const read = (line: string) => problemIn(line, known);
    switch (settings.mode) {
      case 'quick':
        return {
          command,
          args: [...common, '--url', `http://127.0.0.1:${port}`],
          read: (line) => {
            const address = /https:\/\/(?!api\.)[a-z0-9-]+\.trycloudflare\.com(?![\w.-])/.exec(line)?.[0];
            return address === undefined ? read(line) : { kind: 'address', address };
          },
        };
      case 'token': {
        const token = await readSecret(settings.token, "the tunnel's token");
        const env = { TUNNEL_TOKEN: token };
        return {
          command,
          args: [...common, 'run'],
          env,
          secrets: [token],
          address: `https://${settings.hostname}`,
          read,
        };
      }
      case 'credentials':
        await requireSecretFile(settings.credentialsFile, "the tunnel's credentials");
        return { command, args: [...common, 'run'], address: `https://${settings.hostname}`, read };
    }
  }
}

const known: readonly Known[] = [
  {
    pattern: /Provided Tunnel token is not valid/,
    message: 'Cloudflare does not take the token: copy it anew from the dashboard (Networks, Tunnels)',
    isFinal: true,
  },
  {
    pattern: /Unauthorized: (Invalid tunnel secret|Tunnel not found|Failed to get tunnel)/,
    message: ([, why]) =>
      `Cloudflare refused the tunnel (${why}): it was deleted or its secret changed; make it anew and run setup again`,
    isFinal: true,
  },
  {
    pattern: /credentials file .* (?:doesn't exist|not a file)|Cannot determine default origin certificate path/,
    message: 'The credentials of the tunnel are missing: run `cloudflared tunnel create` and setup again',
    isFinal: true,
  },
  {
    pattern: /[Vv]alidat(?:e|ing|ion).*ingress|ingress rule.*(?:invalid|error)/,
    message: 'cloudflared refused the ingress rules: run setup again',
    isFinal: true,
  },
  {
    pattern: /failed to request quick Tunnel|429 Too Many Requests/,
    message:
      'Cloudflare gives no quick tunnel now: this machine cannot reach api.trycloudflare.com, or asked too often',
  },
  {
    pattern: /failed to dial to edge|no recent network activity|Unable to establish connection with Cloudflare edge/,
    message: 'Cloudflare cannot be reached: allow outbound 7844 of TCP and UDP on the way out of this network',
  },
  { pattern: /Register tunnel error from server side/, message: 'Cloudflare did not register the tunnel' },
];
