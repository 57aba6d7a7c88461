import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { requireProgram } from '../process/program.ts';
import { requireSystemd, systemctl } from '../service/systemctl.ts';
import { rules } from './rules.ts';

const rulesFile = '/etc/helix/firewall.nft';
const unit = 'helix-firewall.service';
const unitFile = `/etc/systemd/system/${unit}`;

/** Has the rules of nftables in force from each start of the machine on, before its network is up. @throws TunnelError */
export async function keepRules(): Promise<void> {
  requireSystemd();
  const nft = requireProgram('nft', 'run `apt-get install nftables`');
  await mkdir('/etc/helix', { recursive: true });
  await writeFile(rulesFile, rules, { mode: 0o644 });
  await writeFile(unitFile, unitText(nft), { mode: 0o644 });
  await systemctl('daemon-reload');
  await systemctl('enable', unit);
}

/** Takes away what `keepRules` has written. */
export async function forgetRules(): Promise<void> {
  if (!existsSync(unitFile)) return;
  await systemctl('disable', unit);
  await rm(unitFile);
  await rm(rulesFile, { force: true });
}

function unitText(nft: string): string {
  return `# Written by \`helix tunnel firewall confirm --permanent\`.
[Unit]
Description=Helix: every inbound port closed
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
After=local-fs.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${nft} -f ${rulesFile}

[Install]
WantedBy=sysinit.target
`;
}
