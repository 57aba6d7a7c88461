import type { Attack } from './attack.ts';

const foreign = /HELIX_|VITEST|npm_|NODE_/;

export const secretAttacks: readonly Attack[] = [
  {
    name: 'reads secrets of its environment',
    python: () => 'print(dict(os.environ))',
    isHeld: ({ stdout }) => stdout.startsWith('{') && !foreign.test(stdout),
  },
  {
    name: 'reads secrets of the environments and command lines that it sees',
    python: () => `
import glob
for path in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline') + ['/proc/1/environ', '/proc/self/environ']:
    try: print(path, open(path, 'rb').read())
    except OSError as error: print(path, error)
print('end')`,
    isHeld: ({ stdout }) => stdout.endsWith('end\n') && !foreign.test(stdout),
  },
  {
    name: "reads the machine's own facts: its mounts, its name and its addresses",
    python: () => `
import platform, socket
print(platform.node(), open('/proc/self/mountinfo').read() if os.path.exists('/proc/self/mountinfo') else '')
print(open('/proc/net/route').read() if os.path.exists('/proc/net/route') else '')`,
    // A route of a network would be a line below the headings.
    isHeld: ({ stdout }) => !/^\w+\t[0-9A-F]{8}\t/m.test(stdout),
  },
];
