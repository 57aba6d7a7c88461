import { z } from 'zod';
import { BoreProvider, boreSettings } from './bore.ts';
import { CloudflaredProvider, cloudflaredSettings } from './cloudflared.ts';
import { CustomProvider, customSettings } from './custom.ts';
import { NgrokProvider, ngrokSettings } from './ngrok.ts';
import type { Provider } from './provider.ts';
import { SshProvider, sshSettings } from './ssh.ts';
import { TailscaleProvider, tailscaleSettings } from './tailscale.ts';

export const providerSettings = z.discriminatedUnion('kind', [
  cloudflaredSettings,
  sshSettings,
  tailscaleSettings,
  ngrokSettings,
  boreSettings,
  customSettings,
]);

export type ProviderSettings = z.infer<typeof providerSettings>;

export function createProvider(settings: ProviderSettings): Provider {
  switch (settings.kind) {
    case 'cloudflared':
      return new CloudflaredProvider(settings);
    case 'ssh':
      return new SshProvider(settings);
    case 'tailscale':
      return new TailscaleProvider(settings);
    case 'ngrok':
      return new NgrokProvider(settings);
    case 'bore':
      return new BoreProvider(settings);
    case 'custom':
      return new CustomProvider(settings);
  }
}
