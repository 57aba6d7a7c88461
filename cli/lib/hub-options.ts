import { type Command, Option } from 'commander';

const group = 'Which hub, and as whom:';

/** The options of every command that talks to a hub as one of its members. */
export function withHub(command: Command): Command {
  return command
    .addOption(
      new Option('--hub <url>', 'address of the hub (default: HELIX_HUB, or the hub that runs here)').helpGroup(group),
    )
    .addOption(
      new Option(
        '--token-file <file>',
        'file with your token (default: HELIX_TOKEN_FILE, the owner of the hub that runs here, or who you became by `helix tenants join`)',
      ).helpGroup(group),
    );
}

/** The options of a command that is about one tenant. */
export function withTenant(command: Command): Command {
  return withHub(command).addOption(
    new Option(
      '--tenant <tenant>',
      'name or number of the tenant (default: HELIX_TENANT, what `helix tenants use` said, or the only one)',
    ).helpGroup(group),
  );
}
