import { z } from 'zod';
import { requireProgram } from '../process/program.ts';
import { readSecret } from '../process/secret.ts';
import { type Known, type Launch, type Provider, problemIn } from './provider.ts';
import { hostname, httpAddress, secretSource } from './settings.ts';

export const ngrokSettings = z.strictObject({
  kind: z.literal('ngrok'),
  token: secretSource,
  /** A domain of the account; default: one that ngrok gives. */
  hostname: hostname.optional(),
});

/** ngrok's agent. Its inspector, which would keep requests with their tokens, is off. */
export class NgrokProvider implements Provider {
  readonly kind = 'ngrok';
  readonly #settings: z.infer<typeof ngrokSettings>;

  constructor(settings: z.infer<typeof ngrokSettings>) {
    this.#settings = settings;
  }

  async launch(port: number): Promise<Launch> {
    const { hostname: domain } = this.#settings;
    const command = requireProgram('ngrok', 'install it by https://ngrok.com/download');
    const token = await readSecret(this.#settings.token, "ngrok's authtoken");
    const url = domain === undefined ? [] : ['--url', `https://${domain}`];
    return {
      command,
      args: ['http', `127.0.0.1:${port}`, ...url, '--inspect=false', '--log', 'stdout', '--log-format', 'json'],
      env: { NGROK_AUTHTOKEN: token },
      secrets: [token],
      read(line) {
        const entry = logEntry(line);
        const address = entry?.msg === 'started tunnel' ? httpAddress.safeParse(entry.url) : undefined;
        return address?.success ? { kind: 'address', address: address.data } : problemIn(entry?.err ?? line, known);
      },
    };
  }
}

const entrySchema = z.object({ msg: z.string().optional(), url: z.string().optional(), err: z.string().optional() });

function logEntry(line: string): z.infer<typeof entrySchema> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return entrySchema.safeParse(JSON.parse(line)).data;
  } catch {
    // A long line may come in pieces.
    return undefined;
  }
}

const known: readonly Known[] = [
  {
    pattern: /ERR_NGROK_(105|107|4018|3208)\b/,
    message: ([code]) => `ngrok does not take the authtoken (${code}): copy it anew from https://dashboard.ngrok.com`,
    isFinal: true,
  },
  {
    pattern: /ERR_NGROK_108\b/,
    message:
      'The account has another session of ngrok (ERR_NGROK_108): end it, or use another account for this machine',
  },
  {
    pattern: /ERR_NGROK_334\b/,
    message: 'The domain is served by another tunnel already (ERR_NGROK_334): end that one',
  },
  {
    pattern: /ERR_NGROK_(320|7117)\b|ERR_NGROK_12[01]\b/,
    message: ([code]) =>
      `ngrok refused to start (${code}): see https://ngrok.com/docs/errors; \`ngrok update\` may help`,
    isFinal: true,
  },
  { pattern: /ERR_NGROK_\d+/, message: ([code]) => `ngrok failed (${code}): see https://ngrok.com/docs/errors` },
  { pattern: /failed to dial ngrok server|no such host/, message: 'ngrok cannot be reached from this machine' },
];
