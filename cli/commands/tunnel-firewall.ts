import {
  applyFirewall,
  auditSockets,
  type Backend,
  backends,
  confirmFirewall,
  firewallState,
  forgetRules,
  keepRules,
  requireSystemd,
  rollbackFirewall,
} from '../../infra/tunnel/index.ts';
import { Failure } from '../lib/failure.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

interface FirewallOptions {
  readonly with: Backend['name'];
}

export async function firewallShow(options: FirewallOptions): Promise<void> {
  const backend = backends[options.with];
  console.log(backend.rules.trimEnd());
  const state = await firewallState(backend).catch((error: Error) => error.message);
  if (typeof state === 'string') return console.error(`\n${state}`);
  const { isOn, rollbackAt } = state;
  const until = rollbackAt === undefined ? '' : `, until ${rollbackAt.toISOString()} unless they are confirmed`;
  console.error(`\n${isOn ? `These rules are in force${until}.` : 'These rules are not in force.'}`);
}

export async function firewallApply(options: FirewallOptions & { readonly confirmWithin: number }): Promise<void> {
  const { rollbackAt } = await applyFirewall(backends[options.with], options.confirmWithin * 1000);
  console.log(
    'Every inbound port is closed. Connections that are open stay open, and this machine reaches what it did.',
  );
  console.log(`Check that you still reach it, such as by a tunnel, then run \`helix tunnel firewall confirm\`.`);
  console.log(`Otherwise all of it is taken back at ${rollbackAt?.toISOString()}.`);
}

export async function firewallConfirm({ permanent }: { readonly permanent?: boolean }): Promise<void> {
  // Without it, or where somebody has changed it, the rules are those of ufw, which keeps them itself.
  const isNftables = await firewallState(backends.nftables).then(
    ({ isOn }) => isOn,
    () => false,
  );
  if (permanent && !isNftables) {
    throw new Failure(
      '--permanent is for the rules of nftables, which are not in force; ufw keeps its own after a restart',
    );
  }
  if (permanent) requireSystemd();
  await confirmFirewall();
  if (permanent) await keepRules();
  if (!isNftables) {
    return console.log(
      'The rules of ufw stay, also after a restart of this machine. `helix tunnel firewall rollback` takes them back until then, `ufw disable` after it.',
    );
  }
  console.log(
    permanent
      ? 'The rules stay, also after a restart of this machine. `helix tunnel firewall rollback` takes them back.'
      : 'The rules stay until `helix tunnel firewall rollback` or a restart of this machine; --permanent keeps those of nftables after it.',
  );
}

export async function firewallRollback(): Promise<void> {
  await rollbackFirewall();
  await forgetRules();
  console.log('The firewall is as it was before the rules were applied.');
}

export async function tunnelAudit({ json }: { readonly json?: boolean }): Promise<void> {
  const findings = await auditSockets();
  const reachable = findings.filter(({ isReachable }) => isReachable);
  if (json) console.log(JSON.stringify(findings.map((finding) => ({ ...finding, owner: finding.owner ?? null }))));
  else {
    const rows = findings.map(({ protocol, address, port, owner, isReachable, why }) => [
      isReachable ? 'yes' : 'no',
      protocol,
      `${address.includes(':') ? `[${address}]` : address}:${port}`,
      oneLine(owner ?? '-'),
      why,
    ]);
    console.log(
      rows.length === 0
        ? 'Nothing listens on this machine.'
        : textTable(['reachable', 'protocol', 'address', 'process', 'why'], rows),
    );
  }
  if (reachable.length === 0) return;
  const count = reachable.length === 1 ? '1 socket is' : `${reachable.length} sockets are`;
  throw new Failure(
    `${count} reachable from outside: let them listen on 127.0.0.1, end them, or run \`helix tunnel firewall apply\``,
  );
}
