export interface UnitOptions {
  readonly name: string;
  /** The account that it runs as, by its name or number. */
  readonly user: string;
  /** HELIX_HOME: the one folder that it may write to. */
  readonly home: string;
  /** The command that starts helix, such as `/usr/bin/node /usr/lib/node_modules/helix/cli/bin.js`. */
  readonly command: readonly string[];
}

export function unitName(name: string): string {
  return `helix-tunnel-${name}.service`;
}

/** A systemd unit that keeps one tunnel up: it may reach the network and its own folder, and nothing else. */
export function unitText({ name, user, home, command }: UnitOptions): string {
  return `# Written by \`helix tunnel setup --install\`.
[Unit]
Description=Helix tunnel ${name}
Wants=network-online.target
After=network-online.target

[Service]
User=${user}
Environment=${quoted(`HELIX_HOME=${home}`)} NODE_ENV=production
ExecStart=${[...command, 'tunnel', 'up', name].map(inCommand).join(' ')}
Restart=always
RestartSec=30
TimeoutStopSec=10
KillMode=mixed

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ReadWritePaths=${quoted(home)}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
UMask=0077

[Install]
WantedBy=multi-user.target
`;
}

/** As systemd reads a word: a percent sign stands for itself. */
function quoted(word: string): string {
  const plain = word.replaceAll('%', '%%');
  return /^[\w@%+=:,./$-]+$/.test(plain) ? plain : `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** In a command variables are replaced, too. */
function inCommand(word: string): string {
  return quoted(word.replaceAll('$', '$$$$'));
}
