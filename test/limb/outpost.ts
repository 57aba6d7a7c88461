import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A network of its own on this machine, with one cable to it and no way to anywhere else. */
export interface Outpost {
  /** The address of this machine at the cable's end. */
  readonly address: string;
  /** The address at the end inside. */
  readonly insideAddress: string;
  /** A command that is started inside. */
  readonly command: (command: readonly string[]) => [program: string, ...args: string[]];
  /** What was sent through the cable from inside, such as `tcp 198.18.0.1:3000`; each once. */
  readonly sent: () => ReadonlySet<string>;
  /** How often a process inside tried to reach an address that nothing leads to. */
  readonly triedElsewhere: (pid: number) => number;
  /** Pulls the cable out: neither side is told. */
  readonly pull: () => void;
  readonly plugIn: () => void;
  close(): Promise<void>;
}

/** Why there can be none here; undefined when there can. */
export function outpostLack(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root makes network namespaces';
  if (!existsSync('/usr/sbin/ip')) return 'the program ip is missing (apt-get install iproute2)';
  if (!existsSync('/usr/bin/python3')) return 'Python, which watches the cable, is missing (apt-get install python3)';
  return undefined;
}

/** Prints where each packet from inside goes: Node has no packet sockets. */
const watchScript = `
import socket, struct, sys
seen = set()
cable = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
cable.bind((sys.argv[1], 0))
print('watching', flush=True)
while True:
    try: frame, (_, kind, direction, *_) = cable.recvfrom(65535)
    except OSError: continue  # The cable was pulled.
    if direction == socket.PACKET_OUTGOING or kind == 0x0806: continue
    if kind == 0x0800:
        start = 14 + (frame[14] & 15) * 4
        protocol = {1: 'icmp', 6: 'tcp', 17: 'udp'}.get(frame[23], str(frame[23]))
        port = struct.unpack('!H', frame[start + 2:start + 4])[0] if protocol in ('tcp', 'udp') else 0
        line = f'{protocol} {socket.inet_ntoa(frame[30:34])}:{port}'
    else: line = f'ethernet {kind:#06x}'
    if line not in seen:
        seen.add(line)
        print(line, flush=True)
`;

/** Makes the network, or a second one; needs root and what `outpostLack` names. Addresses are of the range for benchmarks (RFC 2544). */
export async function openOutpost(number: 0 | 1 = 0): Promise<Outpost> {
  const name = `hx${process.pid}${number === 0 ? '' : 'b'}`;
  const [outside, inside] = [`${name}o`, `${name}i`];
  const subnet = `198.${18 + number}.${process.pid & 255}`;
  const ip = (...args: string[]) => execFileSync('/usr/sbin/ip', args);
  const remove = () => ip('netns', 'del', name);
  ip('netns', 'add', name);
  try {
    const within = (...command: string[]) => ip('netns', 'exec', name, ...command);
    ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', name);
    ip('addr', 'add', `${subnet}.1/30`, 'dev', outside);
    within('sh', '-c', 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6');
    ip('-n', name, 'addr', 'add', `${subnet}.2/30`, 'dev', inside);
    execFileSync('sh', ['-c', `echo 1 >/proc/sys/net/ipv6/conf/${outside}/disable_ipv6`]);
    for (const device of ['lo', inside]) ip('-n', name, 'link', 'set', device, 'up');
    ip('link', 'set', outside, 'up');
  } catch (error) {
    remove();
    throw error;
  }
  const sent = new Set<string>();
  const watcher = spawn('/usr/bin/python3', ['-c', watchScript, outside], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: watcher.stdout });
  await once(lines, 'line');
  lines.on('line', (line) => sent.add(line));
  return {
    address: `${subnet}.1`,
    insideAddress: `${subnet}.2`,
    command: (command) => ['/usr/sbin/ip', 'netns', 'exec', name, ...command],
    sent: () => sent,
    triedElsewhere: (pid) => ipCounter(pid, 'OutNoRoutes'),
    pull: () => void ip('link', 'set', outside, 'down'),
    plugIn: () => void ip('link', 'set', outside, 'up'),
    async close() {
      watcher.kill();
      await once(watcher, 'exit');
      remove();
    },
  };
}

/** A counter of the network that a process is in (proc_net(5), snmp). */
function ipCounter(pid: number, counter: string): number {
  const [names = [], values = []] = readFileSync(`/proc/${pid}/net/snmp`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Ip:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf(counter)]);
}
