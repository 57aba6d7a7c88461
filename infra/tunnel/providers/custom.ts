import { z } from 'zod';
import { TunnelError } from '../errors.ts';
import { requireProgram } from '../process/program.ts';
import type { Launch, Provider } from './provider.ts';
import { httpAddress } from './settings.ts';

export const customSettings = z
  .strictObject({
    kind: z.literal('custom'),
    /** The program and its arguments; `{port}` stands for the port of 127.0.0.1 that it is to lead to. */
    command: z.array(z.string()).min(1),
    /** A pattern whose first group, or else the whole match, is the address in a line of its output. */
    pattern: z.string().optional(),
    /** Where it is reached, when that is known before. */
    address: httpAddress.optional(),
    /** Variables of the environment that it is given, such as one with a token. */
    passEnv: z.array(z.string()).default([]),
  })
  .refine(({ pattern, address }) => (pattern === undefined) !== (address === undefined), {
    message: 'give either the address, or a pattern that finds it in the output of the command',
  });

/** Any program that leads requests from outside to a port of this machine. */
export class CustomProvider implements Provider {
  readonly kind = 'custom';
  readonly #settings: z.infer<typeof customSettings>;

  constructor(settings: z.infer<typeof customSettings>) {
    this.#settings = settings;
  }

  async launch(port: number): Promise<Launch> {
    const { command, pattern, address, passEnv } = this.#settings;
    const [program = '', ...args] = command.map((part) => part.replaceAll('{port}', String(port)));
    const finder = pattern === undefined ? undefined : new RegExp(pattern);
    const env = Object.fromEntries(passEnv.map((name) => [name, requireVariable(name)]));
    return {
      command: requireProgram(program, 'check the first word of the command'),
      args,
      env,
      secrets: Object.values(env),
      ...(address === undefined ? {} : { address }),
      read(line) {
        const match = finder?.exec(line);
        if (!match) return undefined;
        const found = httpAddress.safeParse(match[1] ?? match[0]);
        if (found.success) return { kind: 'address', address: found.data };
        const message = `What the pattern found is no address: ${match[1] ?? match[0]}; it must begin with http:// or https://`;
        return { kind: 'problem', message, isFinal: true };
      },
    };
  }
}

function requireVariable(name: string): string {
  const value = process.env[name];
  if (!value) throw new TunnelError('secret-missing', `The command needs ${name}: set it in the environment`);
  return value;
}
