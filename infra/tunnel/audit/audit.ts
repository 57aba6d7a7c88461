import { networkInterfaces } from 'node:os';
import { messageOf } from '../errors.ts';
import type { Backend } from '../firewall/backend.ts';
import { backends } from '../firewall/firewall.ts';
import { findProgram } from '../process/program.ts';
import { isLoopback, type ListeningSocket, listeningSockets } from './sockets.ts';

export interface Finding extends ListeningSocket {
  readonly isReachable: boolean;
  readonly why: string;
}

/** Whether packets from outside are dropped, in words. */
export interface Shield {
  readonly isClosed: boolean;
  readonly words: string;
}

/** Every socket of this machine that listens, with whether others reach it. */
export async function auditSockets(): Promise<Finding[]> {
  const shield = await findShield();
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outside = own.filter(({ internal }) => !internal).map(({ address }) => address);
  return listeningSockets().map((socket) => ({ ...socket, ...judge(socket, shield, outside) }));
}

/** What is open is said to be open unless it is known to be closed. */
export function judge(
  { address }: Pick<ListeningSocket, 'address'>,
  { isClosed, words }: Shield,
  outside: readonly string[],
): { isReachable: boolean; why: string } {
  if (isLoopback(address)) return { isReachable: false, why: 'only this machine reaches loopback' };
  const isWildcard = address === '0.0.0.0' || address === '::';
  const place = isWildcard
    ? `all addresses of this machine${outside.length > 0 ? ` (${outside.join(', ')})` : ''}`
    : address;
  return { isReachable: !isClosed, why: `it listens on ${place}; ${words}` };
}

async function findShield(): Promise<Shield> {
  const unseen: string[] = [];
  for (const backend of Object.values(backends)) {
    if (findProgram(programOf(backend)) === undefined) continue;
    try {
      if (await backend.isOn()) return { isClosed: true, words: `${backend.name} drops what comes from outside` };
    } catch (error) {
      unseen.push(`${backend.name}: ${messageOf(error)}`);
    }
  }
  if (unseen.length > 0)
    return { isClosed: false, words: `whether a firewall is on could not be seen (${unseen.join('; ')})` };
  return { isClosed: false, words: 'no firewall of Helix is on' };
}

function programOf({ name }: Backend): string {
  return name === 'nftables' ? 'nft' : name;
}
