import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A socket that takes what comes from elsewhere: TCP that listens, or UDP that is bound and not connected. */
export interface ListeningSocket {
  readonly protocol: 'tcp' | 'udp';
  /** `0.0.0.0` and `::` are all addresses of the machine. */
  readonly address: string;
  readonly port: number;
  /** Whose it is, as far as this user may know: `sshd (412)`. */
  readonly owner: string | undefined;
}

const listenState = '0A';
const files = { tcp: 'tcp', tcp6: 'tcp', udp: 'udp', udp6: 'udp' } as const;

/** All such sockets of this machine, or of the network of a process. */
export function listeningSockets(pid: number | 'self' = 'self'): ListeningSocket[] {
  const owners = ownersOfSockets();
  const found = Object.entries(files).flatMap(([file, protocol]) =>
    rowsOf(`/proc/${pid}/net/${file}`).flatMap((row): ListeningSocket[] => {
      const [, local = '', remote = '', state, , , , , , inode = ''] = row.trim().split(/\s+/);
      const isListening = protocol === 'tcp' ? state === listenState : /:0000$/.test(remote);
      return isListening ? [{ protocol, ...endpointOf(local), owner: owners.get(inode) }] : [];
    }),
  );
  return found.sort(
    (a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol) || a.address.localeCompare(b.address),
  );
}

/** Whether only this machine reaches it. */
export function isLoopback(address: string): boolean {
  return /^127\./.test(address) || address === '::1' || /^::ffff:127\./.test(address);
}

function rowsOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(1);
  } catch (error) {
    // Without IPv6 its files are missing.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && file.endsWith('6')) return [];
    throw error;
  }
}

/** The kernel shows each 32 bits of an address as a number of this machine's byte order. */
function endpointOf(local: string): { address: string; port: number } {
  const [hex = '', port = ''] = local.split(':');
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  const address = bytes.length === 4 ? bytes.join('.') : shorten(bytes);
  return { address, port: Number.parseInt(port, 16) };
}

function shorten(bytes: readonly number[]): string {
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return `::ffff:${bytes.slice(12).join('.')}`;
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function ownersOfSockets(): Map<string, string> {
  const owners = new Map<string, string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    // Processes end meanwhile, and those of others are not shown to everybody.
    try {
      for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
        const inode = socketOf(`/proc/${pid}/fd/${descriptor}`);
        if (inode === undefined || owners.has(inode)) continue;
        owners.set(inode, `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (${pid})`);
      }
    } catch (error) {
      if (!['ENOENT', 'EACCES', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return owners;
}

function socketOf(link: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1];
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}
