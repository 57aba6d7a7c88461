import { type Try, text } from './attack.ts';

const connects = (address: string, port: number) =>
  `import socket\nreturn socket.create_connection((${text(address)}, ${port}), timeout=1).send(b'x')`;

const socket = (family: number, kind: number) => `import socket\nreturn socket.socket(${family}, ${kind}, 0)`;

/** Families by number, because Python does not know all of their names. */
const families: Record<string, readonly [family: number, kind: number]> = {
  netlink: [16, 3],
  packet: [17, 3],
  'of the crypto interface': [38, 5],
  'to the hypervisor (vsock)': [40, 1],
  'on the CAN bus': [29, 3],
  bluetooth: [31, 3],
  'for raw packets': [2, 3],
};

export const networkTries: readonly Try[] = [
  ...['127.0.0.1', 'localhost', '0.0.0.0'].map(
    (address): Try => ({
      name: `connects to a server of the host at ${address}`,
      python: ({ port }) => connects(address, port),
    }),
  ),
  { name: 'connects to a server of the host over IPv6', python: ({ port }) => connects('::1', port) },
  { name: "asks the cloud for the machine's credentials", python: () => connects('169.254.169.254', 80) },
  { name: 'connects to the network of the host', python: () => connects('10.0.0.1', 80) },
  { name: 'connects to the internet', python: () => connects('1.1.1.1', 443) },
  {
    name: 'sends a datagram to a server of the host',
    python: ({ port }) =>
      `import socket\nreturn socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', ${port}))`,
    skip: { pyodide: 'in WebAssembly a datagram is taken and goes nowhere, as another attack shows' },
  },
  {
    name: 'fetches a page by HTTP',
    python: ({ port }) =>
      `import urllib.request\nreturn urllib.request.urlopen('http://127.0.0.1:${port}/', timeout=1)`,
  },
  {
    name: 'tells a secret by a name that it looks up',
    python: () => "import socket\nreturn socket.getaddrinfo('secret.example.com', 80)",
    skip: { pyodide: 'WebAssembly makes up an address for every name and asks nobody' },
  },
  {
    name: 'connects to a Unix socket of the host',
    python: ({ socketPath }) => `import socket\nreturn socket.socket(1, 1).connect(${text(socketPath)})`,
  },
  {
    name: 'connects to an abstract Unix socket of the host',
    python: ({ abstractName }) => `import socket\nreturn socket.socket(1, 1).connect('\\0' + ${text(abstractName)})`,
  },
  ...Object.entries(families).map(
    ([name, [family, kind]]): Try => ({ name: `opens a socket ${name}`, python: () => socket(family, kind) }),
  ),
];
