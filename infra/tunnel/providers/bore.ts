import { z } from 'zod';
import { requireProgram } from '../process/program.ts';
import { readSecret } from '../process/secret.ts';
import { type Known, type Launch, type Provider, problemIn } from './provider.ts';
import { portNumber, secretSource, word } from './settings.ts';

export const boreSettings = z.strictObject({
  kind: z.literal('bore'),
  /** The server, such as one of your own. */
  server: word,
  remotePort: portNumber.optional(),
  /** For a server that asks for it. */
  secret: secretSource.optional(),
});

/** bore: a port of a server, without encryption of its own. */
export class BoreProvider implements Provider {
  readonly kind = 'bore';
  readonly #settings: z.infer<typeof boreSettings>;

  constructor(settings: z.infer<typeof boreSettings>) {
    this.#settings = settings;
  }

  async launch(port: number): Promise<Launch> {
    const { server, remotePort, secret: source } = this.#settings;
    const command = requireProgram(
      'bore',
      'run `cargo install bore-cli`, or take it from https://github.com/ekzhang/bore/releases',
    );
    const secret = source && (await readSecret(source, "the server's secret"));
    const asked = remotePort === undefined ? [] : ['--port', String(remotePort)];
    return {
      command,
      args: ['local', String(port), '--local-host', '127.0.0.1', '--to', server, ...asked],
      ...(secret === undefined ? {} : { env: { BORE_SECRET: secret }, secrets: [secret] }),
      read: (line) => {
        const found = /listening at (\S+):(\d+)/.exec(line);
        return found ? { kind: 'address', address: `http://${found[1]}:${found[2]}` } : problemIn(line, known);
      },
    };
  }
}

const known: readonly Known[] = [
  {
    pattern: /server requires (?:authentication|secret)|no client secret was provided/,
    message: 'The server asks for a secret: give it with --token-file or --token-env',
    isFinal: true,
  },
  { pattern: /invalid secret/, message: 'The server does not take the secret', isFinal: true },
  {
    pattern: /port already in use|port number is already in use/,
    message: 'The remote port is taken: choose another one',
  },
  {
    pattern: /client port number too low|not in allowed range/,
    message: 'The server does not give this port',
    isFinal: true,
  },
  { pattern: /could not connect to (\S+)/, message: ([, server]) => `${server} cannot be reached` },
  { pattern: /server error: (.*)/, message: ([, why]) => `The server refused: ${why}` },
];
