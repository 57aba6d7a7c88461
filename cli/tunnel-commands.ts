import { type Command, Option } from 'commander';
import { examples, list, note, port, seconds } from './lib/option.ts';
import { run } from './lib/run.ts';

// Ways in from outside that open no port. Limbs need none: they dial out.

const json = 'print as JSON';
const tokenFile = 'file of mode 0600 with the secret';
const tokenEnv = 'environment variable with the secret';

export function addTunnelCommands(program: Command): void {
  const tunnel = program
    .command('tunnel')
    .description('reach a hub at home, or a limb, from outside with every inbound port closed');
  addSetup(tunnel.command('setup').description('set up a tunnel; it is started by `helix tunnel up`'));
  tunnel
    .command('up [name]')
    .description('keep a tunnel up until Ctrl-C, started anew whenever it fails; the only one needs no name')
    .option('-b, --background', 'keep it up after this command, until `helix tunnel down`')
    .addHelpText('after', examples('helix tunnel up', 'helix tunnel up home --background'))
    .action((name, options) => run(async () => (await import('./commands/tunnel.ts')).tunnelUp(name, options)));
  tunnel
    .command('down [name]')
    .description('stop a tunnel that this machine keeps up')
    .addHelpText('after', examples('helix tunnel down', 'helix tunnel down home'))
    .action((name) => run(async () => (await import('./commands/tunnel.ts')).tunnelDown(name)));
  tunnel
    .command('status [name]')
    .description('say whether a tunnel is up, since when, and what failed last; fails unless it is up')
    .option('--json', json)
    .addHelpText('after', examples('helix tunnel status', 'helix tunnel status home --json'))
    .action((name, options) => run(async () => (await import('./commands/tunnel.ts')).tunnelStatus(name, options)));
  tunnel
    .command('list')
    .description('list the tunnels of this machine')
    .option('--json', json)
    .addHelpText('after', examples('helix tunnel list'))
    .action((options) => run(async () => (await import('./commands/tunnel.ts')).tunnelList(options)));
  tunnel
    .command('remove <name>')
    .description('forget a tunnel that is down, with its service if one is installed')
    .addHelpText('after', examples('helix tunnel remove home'))
    .action((name) => run(async () => (await import('./commands/tunnel.ts')).tunnelRemove(name)));
  addFirewall(tunnel.command('firewall').description('close every inbound port of this machine'));
  tunnel
    .command('audit')
    .description('list what listens on this machine, and whether it is reachable from outside; fails if anything is')
    .option('--json', json)
    .addHelpText('after', note('As root it knows whose the sockets are, and sees the firewall.'))
    .addHelpText('after', examples('sudo helix tunnel audit', 'sudo helix tunnel audit --json'))
    .action((options) => run(async () => (await import('./commands/tunnel-firewall.ts')).tunnelAudit(options)));
}

function addFirewall(firewall: Command): void {
  const backend = () =>
    new Option('--with <program>', 'what filters packets here').choices(['nftables', 'ufw']).default('nftables');
  firewall
    .command('show')
    .description('print the rules, to be read before they are applied, and whether they are in force')
    .addOption(backend())
    .addHelpText('after', examples('helix tunnel firewall show', 'helix tunnel firewall show --with ufw'))
    .action((options) => run(async () => (await import('./commands/tunnel-firewall.ts')).firewallShow(options)));
  firewall
    .command('apply')
    .description('close every inbound port; it is taken back by itself unless you confirm it')
    .addOption(backend())
    .option('--confirm-within <seconds>', 'how long there is to confirm it', seconds, 60)
    .addHelpText('after', examples('sudo helix tunnel firewall apply'))
    .action((options) => run(async () => (await import('./commands/tunnel-firewall.ts')).firewallApply(options)));
  firewall
    .command('confirm')
    .description('let the rules stay')
    .option('--permanent', 'also after a restart of the machine, by systemd; ufw does that by itself')
    .addHelpText('after', examples('sudo helix tunnel firewall confirm --permanent'))
    .action((options) => run(async () => (await import('./commands/tunnel-firewall.ts')).firewallConfirm(options)));
  firewall
    .command('rollback')
    .description('put back what was there before the rules')
    .addHelpText('after', examples('sudo helix tunnel firewall rollback'))
    .action(() => run(async () => (await import('./commands/tunnel-firewall.ts')).firewallRollback()));
}

function addSetup(setup: Command): void {
  addOwnNames(setup);
  addGivenNames(setup);
}

/** Under a name that is one's own: of a domain, a server or a tailnet. */
function addOwnNames(setup: Command): void {
  withServices(setup.command('cloudflared'), 'cloudflared')
    .description('by Cloudflare: under a name of your own, or with --quick under one that changes with each start')
    .option('--hostname <name>', 'where it is reached, such as limb01.example.org')
    .option(
      '--credentials-file <file>',
      'what `cloudflared tunnel create` has written (default: the one in ~/.cloudflared)',
    )
    .addOption(new Option('--token-file <file>', `${tokenFile}: a token of the dashboard`).conflicts('credentialsFile'))
    .addOption(new Option('--token-env <variable>', tokenEnv).conflicts(['credentialsFile', 'tokenFile']))
    .addOption(
      new Option('--quick', 'without an account, for a try').conflicts(['hostname', 'credentialsFile', 'tokenFile']),
    )
    .addHelpText(
      'after',
      examples(
        'helix tunnel setup cloudflared --hostname limb01.example.org',
        'helix tunnel setup cloudflared --hostname hub.example.org --token-file /etc/helix/cloudflare.token --install',
        'helix tunnel setup cloudflared --quick',
      ),
    )
    .action((options) => run(async () => (await import('./commands/tunnel-setup.ts')).setupCloudflared(options)));
  withServices(setup.command('ssh'), 'ssh')
    .description('by a server of your own that you reach by ssh')
    .requiredOption('--to <user@host>', 'the server')
    .option('--ssh-port <port>', 'where its sshd listens', port, 22)
    .requiredOption('--remote-port <port>', 'the port there that leads here', port)
    .option('--remote-host <address>', "the address there to listen on (default: the server's loopback)")
    .requiredOption('--address <url>', 'where it is reached: the remote port, or a proxy with TLS before it')
    .requiredOption('--known-hosts <file>', 'the keys of the server; one that is not in it is refused')
    .option('--identity-file <file>', 'the private key (default: those of the agent)')
    .addHelpText(
      'after',
      examples(
        'helix tunnel setup ssh --to helix@vps.example.org --remote-port 8443 --address https://hub.example.org \\',
        '  --known-hosts /etc/helix/known_hosts --identity-file /etc/helix/tunnel_key',
      ),
    )
    .action((options) => run(async () => (await import('./commands/tunnel-setup.ts')).setupSsh(options)));
  withServices(setup.command('tailscale'), 'tailscale')
    .description("by Tailscale's funnel: this machine's name in its tailnet")
    .addOption(new Option('--https-port <port>', 'its port').choices(['443', '8443', '10000']).default('443'))
    .addHelpText('after', examples('helix tunnel setup tailscale'))
    .action((options) => run(async () => (await import('./commands/tunnel-setup.ts')).setupTailscale(options)));
}

/** Under an address that a service gives, or by any other program. */
function addGivenNames(setup: Command): void {
  withServices(setup.command('ngrok'), 'ngrok')
    .description("by ngrok's agent")
    .addOption(new Option('--token-file <file>', `${tokenFile}: the authtoken`))
    .addOption(new Option('--token-env <variable>', tokenEnv).conflicts('tokenFile'))
    .option('--hostname <name>', 'a domain of the account (default: one that ngrok gives)')
    .addHelpText('after', examples('helix tunnel setup ngrok --token-file /etc/helix/ngrok.token'))
    .action((options) => run(async () => (await import('./commands/tunnel-setup.ts')).setupNgrok(options)));
  withServices(setup.command('bore'), 'bore')
    .description('by bore: a port of a server, without encryption of its own')
    .requiredOption('--to <host>', 'the server')
    .option('--remote-port <port>', 'the port there (default: one that the server gives)', port)
    .addOption(new Option('--token-file <file>', `${tokenFile} of the server`))
    .addOption(new Option('--token-env <variable>', tokenEnv).conflicts('tokenFile'))
    .addHelpText('after', examples('helix tunnel setup bore --to bore.example.org --token-file /etc/helix/bore.secret'))
    .action((options) => run(async () => (await import('./commands/tunnel-setup.ts')).setupBore(options)));
  withServices(setup.command('custom'), 'custom')
    .argument(
      '<command...>',
      'the program after --, and its arguments; {port} stands for the port that it is to lead to',
    )
    .description('by any other program that leads requests to a port of this machine')
    .option('--pattern <pattern>', 'finds the address in a line of its output: the first group, or all that matches')
    .addOption(new Option('--address <url>', 'where it is reached, when that is known before').conflicts('pattern'))
    .option('--pass-env <list>', 'variables of the environment that it gets, such as one with a token', list)
    .addHelpText(
      'after',
      examples("helix tunnel setup custom --pattern 'https://[a-z0-9.]+' -- mytunnel --to 127.0.0.1:{port}"),
    )
    .action((command, options) =>
      run(async () => (await import('./commands/tunnel-setup.ts')).setupCustom(command, options)),
    );
}

/** What every kind of tunnel is asked for. */
function withServices(command: Command, kind: string): Command {
  return command
    .option('--name <name>', 'what the tunnel is called on this machine', kind)
    .option(
      '--expose <list>',
      'what is reached: hub:PORT, mcp:PORT, metrics:PORT (default: the hub that runs here)',
      list,
    )
    .option('--allow <list>', 'what needs no token: web, pairing, webhooks (default: nothing)', list)
    .option('--gate-port <port>', 'port of 127.0.0.1 that the tunnel leads to (default: one that is free now)', port)
    .option('--install', 'keep it up as a service of this machine, by systemd; needs root')
    .addHelpText(
      'after',
      note(
        'What comes through a tunnel meets a gate first, which asks for a token and knows only what is exposed. --allow web lets browsers load the web face, pairing lets new limbs and members redeem a code, webhooks lets in what the hub checks by its signature.',
      ),
    );
}
