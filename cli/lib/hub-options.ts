import type { Command } from 'commander';

/** The options of every command that talks to a hub as one of its members. */
export function withHub(command: Command): Command {
  return command
    .option('--hub <url>', 'address of the hub (default: HELIX_HUB, or the hub that runs here)')
    .option(
      '--token-file <file>',
      'file with the token to connect with (default: the owner of the hub that runs here)',
    );
}

/** The options of a command that is about one tenant. */
export function withTenant(command: Command): Command {
  return withHub(command).option(
    '--tenant <tenant>',
    'name or number of the tenant (default: HELIX_TENANT, what `helix tenants use` said, or the only one)',
  );
}
