import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const listenState = '0A';

/** Addresses, such as `127.0.0.1:3000`, at which a process listens for TCP, or has bound a socket for UDP. */
export function listeningAddresses(pid: number | 'self' = 'self'): string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).map((descriptor) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
      } catch {
        return undefined; // Closed meanwhile.
      }
    }),
  );
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((protocol) => {
    const [, ...rows] = readFileSync(`/proc/${pid}/net/${protocol}`, 'utf8').trim().split('\n');
    return rows.flatMap((row) => {
      const [, local = '', , state, , , , , , inode] = row.trim().split(/\s+/);
      if (!own.has(inode) || (protocol.startsWith('tcp') && state !== listenState)) return [];
      return [addressOf(local)];
    });
  });
}

/** The kernel shows each 32 bits of an address as a number of this machine's byte order. */
function addressOf(local: string): string {
  const [hex = '', port = ''] = local.split(':');
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  const address = bytes.length === 4 ? bytes.join('.') : `[${Buffer.from(bytes).toString('hex')}]`;
  return `${address}:${Number.parseInt(port, 16)}`;
}
