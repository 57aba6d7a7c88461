import { type Attack, noKernel, type Try, text } from './attack.ts';

/** A name of the host may stand for nothing at all. */
const reads = (path: string) => `return open(${text(path)}, 'rb').read(100) or open('')`;

export const fileTries: readonly Try[] = [
  { name: 'reads a file of the host that everybody may read', python: ({ secretPath }) => reads(secretPath) },
  { name: 'reads /etc/passwd', python: () => reads('/etc/passwd') },
  { name: 'reads /etc/shadow', python: () => reads('/etc/shadow') },
  { name: "reads the host's name", python: () => reads('/etc/hostname') },
  { name: 'reads the program of the limb', python: () => reads(process.execPath) },
  { name: 'reads the sources of the limb', python: () => reads(import.meta.filename) },
  { name: 'lists /root', python: () => "return os.listdir('/root')" },
  { name: 'lists /var/lib', python: () => "return os.listdir('/var/lib')" },
  { name: 'lists the folder of the limb', python: () => `return os.listdir(${text(process.cwd())})` },
  {
    name: 'asks the container engine, by its socket',
    python: () =>
      "return [path for path in ['/var/run/docker.sock', '/run/docker.sock', '/var/lib/helix-sandbox', '/run/user'] if os.path.exists(path)][0]",
  },
  {
    name: 'climbs out of the scratch folder by dots',
    python: ({ secretPath }) => `return open('/tmp/' + '../' * 20 + ${text(secretPath)}).read()`,
  },
  {
    name: 'follows a symbolic link to a file of the host',
    python: ({ secretPath }) => `os.symlink(${text(secretPath)}, '/tmp/link')\nreturn open('/tmp/link').read()`,
  },
  {
    name: 'follows a symbolic link to the root',
    python: ({ secretPath }) => `os.symlink('/', '/tmp/all')\nreturn open('/tmp/all' + ${text(secretPath)}).read()`,
  },
  {
    name: 'makes a hard link to a file of the host',
    python: ({ secretPath }) => `os.link(${text(secretPath)}, '/tmp/hard')\nreturn open('/tmp/hard').read()`,
  },
  ...['/proc/1/root', '/proc/self/root/../..', '/proc/self/cwd/../..', '/proc/2/root', '/proc/1/cwd/../..'].map(
    (start): Try => ({
      name: `reaches the host's root by ${start}`,
      python: ({ secretPath }) => `return open(${text(start + secretPath)}).read()`,
    }),
  ),
  { name: 'reads memory of the first process', python: () => "return open('/proc/1/mem', 'rb').read(1)" },
  { name: 'reads memory of the kernel', python: () => "return open('/proc/kcore', 'rb').read(1)" },
  {
    name: 'has the kernel run a program at a crash',
    python: () => "return open('/proc/sys/kernel/core_pattern', 'w').write('|/bin/sh')",
  },
  {
    name: 'presses a system request key',
    python: () => "return open('/proc/sysrq-trigger', 'w').write('h')",
    skip: noKernel,
  },
  {
    name: 'maps its user to root',
    python: () => "return os.write(os.open('/proc/self/uid_map', os.O_WRONLY), b'0 0 1')",
    skip: noKernel,
  },
  { name: 'moves itself to another control group', python: () => "return os.listdir('/sys/fs/cgroup')" },
  {
    name: 'writes to a folder of the host that everybody may write to',
    python: ({ openFolder }) => `return open(${text(`${openFolder}/written`)}, 'w').write('x')`,
  },
  ...['/etc', '/usr', '/usr/lib', '/dev', '/dev/shm', '/proc', '/sys', '/', '/run', '/var/tmp'].map(
    (folder): Try => ({
      name: `writes to ${folder}`,
      python: () => `return open(${text(`${folder}/written`)}, 'w').write('x')`,
      skip: { pyodide: "WebAssembly has a file system of its own in its memory, with no file of the host's" },
    }),
  ),
  {
    name: 'makes a device of a disk',
    python: () => "os.mknod('/tmp/sda', 0o660 | 0o060000, os.makedev(254, 0))\nreturn open('/tmp/sda', 'rb').read(1)",
  },
  {
    name: 'reads a disk',
    python: () =>
      "return [open(path, 'rb').read(1) for path in ['/dev/vda', '/dev/sda', '/dev/nvme0n1', '/dev/mem', '/dev/kmsg'] if os.path.exists(path)][0]",
  },
];

export const fileAttacks: readonly Attack[] = [
  {
    name: 'inherits a descriptor',
    python: () => `
null = os.stat('/dev/null')
found = []
for descriptor in range(3, 2000):
    try:
        kind = os.fstat(descriptor)
    except OSError:
        continue
    if (kind.st_rdev, kind.st_ino) != (null.st_rdev, null.st_ino): found.append((descriptor, kind))
print('ESCAPED' if found else 'nothing', found)`,
    isHeld: ({ stdout }) => stdout === 'nothing []\n',
  },
  {
    name: 'uses a descriptor of the first process',
    python: () => `
found = []
for name in os.listdir('/proc/1/fd') if os.path.exists('/proc/1/fd') else []:
    try: where = os.readlink('/proc/1/fd/' + name)
    except OSError: continue
    if not where.startswith(('socket:', 'pipe:', 'anon_inode:[eventfd]', '/dev/null')): found.append(where)
print('ESCAPED' if found else 'nothing', found)`,
    isHeld: ({ stdout }) => stdout === 'nothing []\n',
  },
  {
    name: 'leaves a file for a later run, and that one looks for it',
    python: () => `
found = [name for folder in ['/tmp', '.', '/tools', '/dev/shm', '/var/tmp', '/run'] if os.path.isdir(folder) for name in os.listdir(folder) if name == 'left']
for folder in ['/tmp', '/tools', '/dev/shm', '/var/tmp', '/run']:
    try: open(folder + '/left', 'w').write('behind')
    except OSError: pass
print(found)`,
    isHeld: ({ stdout }) => stdout === '[]\n',
  },
  {
    name: 'executes a program that it wrote',
    python: () => `
import shutil, subprocess
for path, act in [('/tmp/python', lambda: shutil.copy(sys.executable, '/tmp/python')), ('/tmp/script', lambda: open('/tmp/script', 'w').write('#!/bin/sh\\necho hi'))]:
    try:
        act()
        os.chmod(path, 0o4777)
        print('ESCAPED', subprocess.run([path, '-c', '1']))
    except OSError as error:
        print('refused')`,
    isHeld: ({ stdout }) => stdout === 'refused\nrefused\n',
  },
];
