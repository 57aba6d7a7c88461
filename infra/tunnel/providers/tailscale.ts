import { z } from 'zod';
import { requireProgram } from '../process/program.ts';
import { type Known, type Launch, type Provider, problemIn } from './provider.ts';

export const tailscaleSettings = z.strictObject({
  kind: z.literal('tailscale'),
  /** The ports that a funnel may have. */
  httpsPort: z.union([z.literal(443), z.literal(8443), z.literal(10_000)]).default(443),
});

/** Tailscale's funnel: the machine's own name in its tailnet, reached from the whole internet. */
export class TailscaleProvider implements Provider {
  readonly kind = 'tailscale';
  readonly #settings: z.infer<typeof tailscaleSettings>;

  constructor(settings: z.infer<typeof tailscaleSettings>) {
    this.#settings = settings;
  }

  async launch(port: number): Promise<Launch> {
    const { httpsPort } = this.#settings;
    return {
      command: requireProgram('tailscale', 'install it by https://tailscale.com/download, then run `tailscale up`'),
      args: ['funnel', `--https=${httpsPort}`, '--yes', `http://127.0.0.1:${port}`],
      read: (line) => {
        const address = /^(https:\/\/[a-z0-9.-]+\.ts\.net(?::\d+)?)\/?$/.exec(line.trim())?.[1];
        return address === undefined ? problemIn(line, known) : { kind: 'address', address };
      },
    };
  }
}

const known: readonly Known[] = [
  {
    pattern: /failed to connect to local tailscaled|doesn't appear to be running/,
    message: 'Tailscale does not run here: start it with `systemctl enable --now tailscaled`',
  },
  {
    pattern: /Logged out|NeedsLogin|not logged in/,
    message: 'Tailscale has no account here: run `tailscale up`',
    isFinal: true,
  },
  {
    pattern: /Funnel is not enabled on your tailnet|Funnel not available|funnel.*not (?:allowed|permitted)/i,
    message: 'The tailnet does not allow funnels: enable Funnel and HTTPS for this machine in its admin console',
    isFinal: true,
  },
  {
    pattern: /Access denied: (?:serve|checkprefs|watch).*/,
    message: 'This user may not change Tailscale: run `tailscale set --operator=$USER` as root',
    isFinal: true,
  },
  {
    pattern: /foreground already exists|listener already exists/,
    message:
      'Another funnel has this port: end it with `tailscale funnel reset`, or choose another of 443, 8443, and 10000',
  },
];
