import { runOnHub } from '../lib/client-command.ts';
import type { HubOptions } from '../lib/hub.ts';
import { createInvite } from '../lib/invite.ts';

/** Prints the command that makes another machine a limb. */
export async function limbInvite(options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const code = await createInvite(hub, 'Limb');
    console.log(`HELIX_PAIR_CODE=${code} helix limb start --hub ${hub.url}`);
    console.error('Run this line on the other machine in the next 15 minutes. The code works once.');
  });
}
