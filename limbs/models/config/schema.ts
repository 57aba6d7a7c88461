import { z } from 'zod';
import { hostPattern } from '../../reach/host.ts';
import { type PresetName, presets } from './presets.ts';

// limb.toml as people write it: a model names its provider, a route names its models.

const presetNames = Object.keys(presets) as [PresetName, ...PresetName[]];
const perMinute = z.int().min(1).max(1_000_000_000);
const seconds = z.number().positive().max(3600);
const price = z.number().min(0).max(1_000_000);

const provider = z.strictObject({
  preset: z.enum(presetNames).optional(),
  base_url: z.string().min(1).optional(),
  account: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected letters, digits and - only')
    .optional(),
  key_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable, such as OPENAI_API_KEY')
    .optional(),
  key_file: z.string().min(1).optional(),
  requests_per_minute: perMinute.optional(),
  tokens_per_minute: perMinute.optional(),
});

const model = z.strictObject({
  provider: z.string().min(1),
  model: z.string().min(1),
  price_in: price.default(0),
  price_out: price.default(0),
});

const chain = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(8)], {
    error: 'expected the name of a model, or a list of 1 to 8 of them',
  })
  .transform((names) => (typeof names === 'string' ? [names] : names));

/** What tasks may reach over the network; without it, nothing. */
const fetchToml = z.strictObject({
  public: z.boolean().default(false),
  hosts: z
    .array(
      z.string().refine((host) => hostPattern.test(host) && URL.canParse(`http://${host}`), {
        error: 'expected a name or an address, with its port unless that is the usual one: 127.0.0.1:8080',
      }),
    )
    .max(100)
    .default([]),
});

const folderName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'expected a name of letters, digits and . _ - for a folder');

export const limbToml = z.strictObject({
  fetch: fetchToml.optional(),
  folders: z.record(folderName, z.string().min(1)).default({}),
  providers: z.record(z.string(), provider).default({}),
  models: z.record(z.string(), model).default({}),
  routes: z.strictObject({ reason: chain.optional(), fast: chain.optional(), embed: chain.optional() }).default({}),
  limits: z
    .strictObject({
      connect_seconds: seconds.optional(),
      first_token_seconds: seconds.optional(),
      idle_seconds: seconds.optional(),
      total_seconds: seconds.optional(),
      retries: z.int().min(0).max(10).optional(),
      wait_seconds: seconds.optional(),
    })
    .default({}),
});

export type LimbToml = z.infer<typeof limbToml>;
export type ProviderToml = LimbToml['providers'][string];
