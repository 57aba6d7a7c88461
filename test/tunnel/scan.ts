import { execFileSync } from 'node:child_process';

/** Tries ports of TCP, and one of UDP, of an address; prints what answered, in whichever way. */
const scanScript = `
import errno, json, resource, selectors, socket, sys, time
address, [from_port, to_port, *udp] = sys.argv[1], [int(text) for text in sys.argv[2:]]
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
batch = min(hard - 64, 16384)
open_ports, refused = [], 0
for first in range(from_port, to_port + 1, batch):
    waiting = selectors.DefaultSelector()
    for port in range(first, min(first + batch, to_port + 1)):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setblocking(False)
        code = tcp.connect_ex((address, port))
        if code == errno.ECONNREFUSED:
            refused += 1
            tcp.close()
        else: waiting.register(tcp, selectors.EVENT_WRITE, port)
    until = time.monotonic() + 1
    while waiting.get_map() and (left := until - time.monotonic()) > 0:
        for key, _ in waiting.select(left):
            if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0: open_ports.append(key.data)
            else: refused += 1
            waiting.unregister(key.fileobj)
            key.fileobj.close()
    for key in list(waiting.get_map().values()): key.fileobj.close()
    waiting.close()
answered = []
for port in udp:
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.settimeout(1)
    try:
        datagram.connect((address, port))
        datagram.send(b'?')
        datagram.recv(16)
        answered.append(port)
    except OSError: pass
print(json.dumps({'tcp': open_ports, 'refused': refused, 'udp': answered}))
`;

export interface Scanned {
  readonly tcp: readonly number[];
  /** How many ports said that nothing listens there, which tells that somebody is there. */
  readonly refused: number;
  readonly udp: readonly number[];
}

/** Scans an address from the network of this process: every port, or those near one. */
export function scan(address: string, udpPort: number, near?: number): Scanned {
  const [from, to] = near === undefined ? [1, 65_535] : [near - 50, near + 50];
  const args = ['-c', scanScript, address, String(from), String(to), String(udpPort)];
  return JSON.parse(execFileSync('/usr/bin/python3', args, { encoding: 'utf8' }));
}

/** A program for a network namespace that lets itself be reached: by TCP on one port, by UDP on the next. */
export function openDoor(port: number): string[] {
  const text = `
import socket, threading
tcp = socket.create_server(('0.0.0.0', ${port}))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(('0.0.0.0', ${port + 1}))
def echo():
    while True:
        data, sender = udp.recvfrom(64)
        udp.sendto(data, sender)
threading.Thread(target=echo, daemon=True).start()
print('open', flush=True)
while True: tcp.accept()[0].close()
`;
  return ['/usr/bin/python3', '-c', text];
}
