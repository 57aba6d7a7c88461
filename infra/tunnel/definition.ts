import { z } from 'zod';
import { openings, services } from './gate/services.ts';
import { providerSettings } from './providers/index.ts';
import { portNumber } from './providers/settings.ts';

export const tunnelName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'expected at most 32 small letters, digits and hyphens, such as home');

/** A tunnel as it was set up. */
export const definition = z.strictObject({
  name: tunnelName,
  provider: providerSettings,
  services: services.refine((value) => Object.values(value).some((port) => port !== undefined), {
    message: 'a tunnel leads to a hub, an MCP endpoint, or metrics: name at least one',
  }),
  openings,
  gatePort: portNumber,
});

export type Definition = z.infer<typeof definition>;
