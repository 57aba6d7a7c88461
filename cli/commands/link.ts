import { withHub } from '../lib/client-command.ts';
import type { HubOptions } from '../lib/hub.ts';
import { createInvite, type RoleTag } from '../lib/invite.ts';

export interface LinkOptions extends HubOptions {
  readonly role: 'owner' | 'operator' | 'viewer';
}

const roleTags: Record<LinkOptions['role'], RoleTag> = { owner: 'Owner', operator: 'Operator', viewer: 'Viewer' };

/** Prints a link that signs one browser in. */
export async function link(options: LinkOptions): Promise<void> {
  await withHub(options, async (hub) => {
    const code = await createInvite(hub, 'Member', roleTags[options.role]);
    console.log(`${hub.url}/#code=${code}`);
    console.error(
      `Whoever opens this link in the next 15 minutes becomes ${options.role} of this tenant. It works once.`,
    );
  });
}
