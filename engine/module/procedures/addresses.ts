import { BlockList, isIP } from 'node:net';

const special4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];
/** Inside 2000::/3, the only block of version 6 with public addresses: protocol assignments, documentation, 6to4. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special = new BlockList();
const public6 = new BlockList();
public6.addSubnet('2000::', 3, 'ipv6');
for (const block of special4) special.addSubnet(...parts(block), 'ipv4');
for (const block of special6) special.addSubnet(...parts(block), 'ipv6');

function parts(block: string): [string, number] {
  const [address = '', bits] = block.split('/');
  return [address, Number(bits)];
}

/** Whether an IP address is one of the public internet: not private, loopback, link-local, multicast or reserved. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special.check(address, 'ipv4');
    case 6:
      return public6.check(address, 'ipv6') && !special.check(address, 'ipv6');
    default:
      return false;
  }
}
