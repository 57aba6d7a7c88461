import { BlockList, isIP } from 'node:net';

// The engine has such a list for its modules. Limbs may not import the engine, and they tell a private address, which an
// owner may allow, from one that nobody has a reason to.

const special4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];
/** Inside of 2000::/3, the only block of version 6 with public addresses. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
/** What an allowed name may lead to besides public addresses. */
const allowable = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
];
/** Where clouds keep the keys of their machines, as far as it is inside of what is allowable. */
const metadata = ['100.100.100.200/32', 'fd00:ec2::254/128', 'fd20:ce::254/128'];

const special = listOf([...special4, ...special6]);
const public6 = listOf(['2000::/3']);
const allowed = listOf(allowable);
const keys = listOf(metadata);

/** Whether an IP address is one of the public internet: not private, loopback, link-local, multicast or reserved. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !special.check(address, 'ipv4');
  return isIP(address) === 6 && public6.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

/** Whether a name that the owner allows may lead there: never to link-local, multicast, mapped or metadata addresses. */
export function isAllowableAddress(address: string): boolean {
  if (isPublicAddress(address)) return true;
  const version = isIP(address);
  // A mapped address would be checked as what it stands for.
  if (version === 0 || /^::ffff:/i.test(address)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return allowed.check(address, family) && !keys.check(address, family);
}

function listOf(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
