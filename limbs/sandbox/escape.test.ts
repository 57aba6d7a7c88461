import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Limits, RunResult } from './engine.ts';
import { describeEachEngine } from './testing/engines.ts';
import { type Host, openHost, processesMarked } from './testing/host.ts';

/** An attack reports each try in a line of its own; a sandbox that holds lets none of them succeed. */
const PRELUDE = `
import os, sys
def attempt(what, act):
    try:
        got = act()
    except BaseException as error:
        print('refused', what, type(error).__name__)
    else:
        print('ESCAPED', what, repr(got)[:300])
`;

let host: Host;
beforeAll(async () => {
  host = await openHost();
});
afterAll(() => host.close());

await describeEachEngine('an attack on the sandbox', (engine) => {
  const attack = (code: string, limits: Partial<Limits> = {}): Promise<RunResult> =>
    engine.run({ code: `${PRELUDE}\n${code}\nprint('end')\n`, limits });

  const expectHeld = (result: RunResult): void => {
    expect(result.stdout).not.toContain('ESCAPED');
    expect(result.stdout + result.stderr).not.toContain(host.secret);
    expect(host.connections()).toBe(0);
    expect(host.victim.exitCode).toBeNull();
    expect(host.victim.signalCode).toBeNull();
    expect(readdirSync(host.openFolder)).toEqual([]);
  };
  /** For attacks that must not even end their own program: all tries were made, and none succeeded. */
  const expectAllRefused = (result: RunResult): void => {
    expectHeld(result);
    expect(result.stderr).toBe('');
    expect(result.stdout).toMatch(/^end\n$/m);
  };
  const text = JSON.stringify;

  it('reads no file of the host, whoever may read it', async () => {
    const paths = [
      host.secretPath,
      '/etc/passwd',
      '/etc/shadow',
      '/etc/hostname',
      process.execPath,
      '/root',
      '/home',
      '/var',
    ];
    expectAllRefused(
      await attack(`
def read(path):
    # A name of the host may stand for nothing at all.
    return open(path, 'rb').read(100) or open('')
for path in ${text(paths)}:
    attempt(path, lambda: read(path))
    if path not in ['/home']:
        attempt('list ' + path, lambda: os.listdir(path))
`),
    );
  });

  it('reaches no file through /proc', async () => {
    const result = await attack(`
for start in ['/proc/1/root', '/proc/self/root', '/proc/self/root/../..', '/proc/self/cwd/../..', '/proc/2/root', '/proc/1/cwd/../..']:
    attempt(start, lambda: open(start + ${text(host.secretPath)}).read())
    attempt(start, lambda: open(start + '/etc/passwd').read())
attempt('memory of the first process', lambda: open('/proc/1/mem', 'rb').read(1))
attempt('kernel memory', lambda: open('/proc/kcore', 'rb').read(1))
attempt('kernel settings', lambda: open('/proc/sys/kernel/core_pattern', 'w').write('|/bin/sh'))
if sys.platform != 'emscripten':
    attempt('sysrq', lambda: open('/proc/sysrq-trigger', 'w').write('h'))
    attempt('own mapping', lambda: os.write(os.open('/proc/self/uid_map', os.O_WRONLY), b'0 0 1'))
`);
    expectAllRefused(result);
  });

  it('finds no secret in any environment or command line', async () => {
    const result = await attack(`
import glob
print(dict(os.environ))
for path in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline') + ['/proc/1/environ', '/proc/self/environ']:
    try:
        print(path, open(path, 'rb').read())
    except OSError as error:
        print(path, error)
`);
    expectHeld(result);
    expect(result.stdout).toMatch(/^end\n$/m);
    expect(result.stdout).not.toMatch(/HELIX_|VITEST|npm_|NODE_/);
  });

  it('follows no symbolic or hard link out of the scratch folder', async () => {
    expectAllRefused(
      await attack(`
secret = ${text(host.secretPath)}
os.symlink(secret, '/tmp/link')
attempt('symlink', lambda: open('/tmp/link').read())
os.symlink('/', '/tmp/all')
attempt('symlink to the root', lambda: open('/tmp/all' + secret).read())
attempt('hard link', lambda: os.link(secret, '/tmp/hard') or open('/tmp/hard').read())
attempt('dots', lambda: open('/tmp/' + '../' * 20 + secret).read())
`),
    );
  });

  it('opens no connection over TCP or UDP', async () => {
    expectAllRefused(
      await attack(`
import socket
for address in ['127.0.0.1', 'localhost', '0.0.0.0', '169.254.169.254', '10.0.0.1', '1.1.1.1']:
    attempt('tcp ' + address, lambda: socket.create_connection((address, ${host.port}), timeout=1).send(b'x'))
attempt('tcp6', lambda: socket.create_connection(('::1', ${host.port}), timeout=1))
import urllib.request
attempt('http', lambda: urllib.request.urlopen('http://127.0.0.1:${host.port}/', timeout=1))
attempt('name', lambda: socket.gethostbyname('example.com') if sys.platform != 'emscripten' else 1 / 0)
`),
    );
  });

  it('has no other kind of socket either', async () => {
    expectAllRefused(
      await attack(`
import socket
for family, kind in [(16, 3), (17, 3), (38, 5), (40, 1), (29, 3), (31, 3), (1, 1)]:
    if sys.platform != 'emscripten':
        attempt(f'family {family}', lambda: socket.socket(family, kind, 0))
def unix(path):
    s = socket.socket(1, 1)
    s.connect(path)
    return s
attempt('unix', lambda: unix(${text(host.socketPath)}))
attempt('abstract', lambda: unix('\\0' + ${text(host.abstractName)}))
`),
    );
  });

  it('ends no process outside, and sees none', async () => {
    const result = await attack(`
import signal
for pid in [${host.victim.pid}, ${process.pid}, ${process.ppid}]:
    attempt('see', lambda: open(f'/proc/{pid}/status').read())
    attempt('end', lambda: os.kill(pid, 9))
    attempt('end group', lambda: os.killpg(pid, 9))
`);
    expectAllRefused(result);
  });

  it.each([
    'os.kill(1, 9)',
    'os.kill(-1, 9)',
    'os.kill(0, 9)',
    'os.killpg(0, 9)',
    'os.kill(os.getppid(), 9)',
    'os.abort()',
  ])('with %s ends nobody but itself', async (code) => {
    expectHeld(await engine.run({ code: `import os\n${code}` }));
  });

  it('writes nothing outside its scratch folder', async () => {
    const result = await attack(`
where = ['/etc', '/usr', '/usr/lib', ${engine.name === 'docker' ? '' : "'/code', "}'/dev', '/dev/shm', '/proc', '/sys', '/', '/run', '/var/tmp', ${text(host.openFolder)}]
for folder in where:
    if sys.platform != 'emscripten':
        attempt(folder, lambda: open(folder + '/written', 'w').write('x'))
attempt('open folder', lambda: open(${text(`${host.openFolder}/written`)}, 'w').write('x'))
`);
    expectAllRefused(result);
  });

  it('finds nothing of an earlier run', async () => {
    await engine.run({ code: 'open("/tmp/left", "w").write("behind"); open("left2", "w").write("behind")' });
    const result = await engine.run({ code: 'import os; print(os.listdir("/tmp"), os.listdir("."))' });
    expect(result.stdout).toBe('[] []\n');
  });

  it('inherits no descriptor', async () => {
    const result = await attack(`
for descriptor in range(3, 2000):
    try:
        kind = os.fstat(descriptor)
    except OSError:
        continue
    null = os.stat('/dev/null')
    if (kind.st_rdev, kind.st_ino) != (null.st_rdev, null.st_ino):
        print('ESCAPED', descriptor, kind, os.readlink(f'/proc/self/fd/{descriptor}'))
for link in os.listdir('/proc/1/fd') if os.path.exists('/proc/1/fd') else []:
    try:
        where = os.readlink('/proc/1/fd/' + link)
    except OSError:
        continue
    if not where.startswith(('socket:', 'pipe:', 'anon_inode:[eventfd]', '/dev/null')):
        print('ESCAPED', link, where)
`);
    expectAllRefused(result);
  });

  it('floods the limb with no more output than its limit', async () => {
    const result = await engine.run({ code: 'while True: print("x" * 100_000)' });
    expect(result.outcome).toBe('output-limit');
    expect(result.stdout.length + result.stderr.length).toBe(64 * 1024);
  });

  it('takes no more memory than its limit, all at once or bit by bit', async () => {
    const limits = { memoryBytes: 128 * 2 ** 20, timeMs: 20_000 };
    const result = await engine.run({ code: 'hoard = []\nwhile True: hoard.append(bytes(2 ** 20))', limits });
    expect(['out-of-memory', 'killed']).toContain(result.outcome);
  });

  it('takes no more scratch space than its limit', async () => {
    const result = await attack(
      `
def fill():
    with open('/tmp/big', 'wb') as file:
        for _ in range(1000):
            file.write(bytes(2 ** 20))
attempt('fill', fill)
`,
      { scratchBytes: 8 * 2 ** 20, memoryBytes: 256 * 2 ** 20 },
    );
    expectHeld(result);
  });

  it.each([
    ['an endless loop', 'while True: pass'],
    [
      'one that ignores signals',
      'import signal\nfor n in range(1, 32):\n  try: signal.signal(n, lambda *a: None)\n  except Exception: pass\nwhile True: pass',
    ],
    ['one that catches everything', 'while True:\n  try:\n    while True: pass\n  except BaseException: pass'],
    ['a long sleep', 'import time; time.sleep(1000)'],
    ['a regular expression', 'import re; re.match("(a+)+b", "a" * 64)'],
    ['a big number', 'print(len(str(9 ** 9 ** 9)))'],
  ])('does not outlast its time: %s', async (_name, code) => {
    const result = await engine.run({ code, limits: { timeMs: 400 } });
    expect(result.outcome).toBe('timed-out');
  });

  if (engine.name === 'pyodide') return;

  it('leaves no process behind, however it hides it', async () => {
    const marker = `helix-marker-${Math.random().toString(36).slice(2)}`;
    const result = await attack(
      `
import signal, subprocess, time
def hide():
    os.setsid()
    if os.fork(): os._exit(0)
    for n in range(1, 32):
        try: signal.signal(n, signal.SIG_IGN)
        except Exception: pass
    for descriptor in range(3): os.close(descriptor)
    os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(1000)', ${text(marker)}])
for _ in range(2):
    if os.fork() == 0: hide()
time.sleep(0.3)
print(subprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True).stdout)
`,
      { processesMax: 16 },
    );
    expect(result.stdout).toContain("b'1\\n'\nend\n");
    // The kernel ends a jail's processes when its first one ends, which takes it a moment.
    await expect.poll(() => processesMarked(marker), { timeout: 10_000 }).toEqual([]);
  });

  it('has no more processes than its limit, however it forks', async () => {
    const result = await engine.run({
      code: `
import os, sys
count = 0
while True:
    try:
        if os.fork() == 0:
            while True:
                try: os.fork()
                except OSError: pass
    except OSError as error:
        print(count, type(error).__name__)
        break
    count += 1
`,
    });
    expect(result.outcome).toBe('exited');
    expect(Number(result.stdout.split(' ')[0])).toBeLessThanOrEqual(8);
  });

  it('has no more threads than its limit', async () => {
    const result = await engine.run({
      code: `
import threading, time
count = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        count += 1
except RuntimeError:
    print(count)
`,
      limits: { processesMax: 5 },
    });
    expect(result.stdout).toBe('4\n');
  });

  it('fills all of its scratch space and no more, and makes no more files than fit', async () => {
    const result = await engine.run({
      code: `
import errno, os
written = 0
try:
    with open('/tmp/big', 'wb', buffering=0) as file:
        while True: written += file.write(bytes(65536))
except OSError as error:
    print(error.errno in (errno.ENOSPC, errno.EFBIG), written)
os.remove('/tmp/big')
count = 0
try:
    while True:
        open(f'/tmp/{count}', 'w').close()
        count += 1
except OSError as error:
    print(error.errno == errno.ENOSPC, count)
`,
      limits: { scratchBytes: 4 * 2 ** 20 },
    });
    expect(result.stdout).toBe(`True ${4 * 2 ** 20}\nTrue 256\n`);
  });

  it('has no rights at all, and cannot get any', async () => {
    expectAllRefused(
      await attack(`
import re
status = open('/proc/self/status').read()
for name, expected in [('CapEff', '0' * 16), ('CapPrm', '0' * 16), ('CapBnd', '0' * 16), ('CapAmb', '0' * 16), ('NoNewPrivs', '1'), ('Seccomp', '2')]:
    value = re.search(name + r':\\s+(\\w+)', status)[1]
    if value != expected: print('ESCAPED', name, value)
attempt('root', lambda: os.setuid(0))
attempt('root group', lambda: os.setgid(0))
attempt('groups', lambda: os.setgroups([0]))
attempt('chroot', lambda: os.chroot('/tmp'))
attempt('device', lambda: os.mknod('/tmp/sda', 0o660 | 0o060000, os.makedev(254, 0)))
attempt('nice', lambda: os.nice(-5))
import resource
for name in ['RLIMIT_AS', 'RLIMIT_NPROC', 'RLIMIT_NOFILE', 'RLIMIT_FSIZE', 'RLIMIT_CPU', 'RLIMIT_CORE']:
    limit = getattr(resource, name)
    hard = resource.getrlimit(limit)[1]
    if hard == resource.RLIM_INFINITY: print('ESCAPED', name, 'is not limited')
    attempt(name, lambda: resource.setrlimit(limit, (hard + 1, hard + 1)))
`),
    );
  });

  it('executes nothing that it wrote', async () => {
    expectAllRefused(
      await attack(`
import shutil, subprocess
shutil.copy(sys.executable, '/tmp/python')
os.chmod('/tmp/python', 0o777)
attempt('binary', lambda: subprocess.run(['/tmp/python', '-c', '1']))
open('/tmp/script', 'w').write('#!/bin/sh\\necho hi')
os.chmod('/tmp/script', 0o4777)
attempt('script', lambda: subprocess.run(['/tmp/script']))
`),
    );
  });

  it('has no memory or messages that its limits do not count', async () => {
    expectAllRefused(
      await attack(`
import mmap
from multiprocessing import shared_memory
attempt('memfd', lambda: os.memfd_create('x'))
attempt('shm', lambda: shared_memory.SharedMemory(create=True, size=2 ** 20))
attempt('eventfs', lambda: os.listdir('/sys/fs/cgroup'))
`),
    );
  });

  it('makes no forbidden system call, even without Python', async () => {
    const numbers: Record<string, readonly [number, number]> = {
      ptrace: [101, 117],
      mount: [165, 40],
      umount2: [166, 39],
      pivot_root: [155, 41],
      chroot: [161, 51],
      unshare: [272, 97],
      setns: [308, 268],
      reboot: [169, 142],
      init_module: [175, 105],
      kexec_load: [246, 104],
      keyctl: [250, 219],
      add_key: [248, 217],
      bpf: [321, 280],
      perf_event_open: [298, 241],
      userfaultfd: [323, 282],
      io_uring_setup: [425, 425],
      process_vm_readv: [310, 270],
      open_by_handle_at: [304, 265],
      memfd_create: [319, 279],
      shmget: [29, 194],
      msgget: [68, 186],
      mq_open: [240, 180],
      socket: [41, 198],
      clone3: [435, 435],
      open_tree: [428, 428],
      fsopen: [430, 430],
      mount_setattr: [442, 442],
      landlock_create_ruleset: [444, 444],
      personality: [135, 92],
      setuid: [105, 146],
      pidfd_getfd: [438, 438],
    };
    const column = process.arch === 'x64' ? 0 : 1;
    const chosen = Object.fromEntries(Object.entries(numbers).map(([name, each]) => [name, each[column]]));
    const clone = process.arch === 'x64' ? 56 : 220;
    expectAllRefused(
      await attack(`
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name, number in ${text(chosen)}.items():
    got = libc.syscall(number, 0, 0, 0, 0, 0, 0)
    if got != -1 or ctypes.get_errno() not in (1, 38): print('ESCAPED', name, got, ctypes.get_errno())
for flag in [0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000]:
    got = libc.syscall(${clone}, flag | 17, 0, 0, 0, 0)
    if got == 0: os._exit(0)
    if got != -1: print('ESCAPED', 'namespace', flag)
for request in [0x5412, 0x541c, 0x5410, 0x540e]:
    got = libc.ioctl(0, request, ctypes.byref(ctypes.c_int(0)))
    if got != -1: print('ESCAPED', 'ioctl', request)
for option in [8, 22, 23, 24, 28, 36, 38, 47, 15000]:
    if libc.prctl(option, 1, 0, 0, 0) != -1: print('ESCAPED', 'prctl', option)
`),
    );
  });

  it('sees of the host only what Python needs', async () => {
    const result = await engine.run({
      code: `
import os
print(sorted(os.listdir('/')))
print([path for path in ['/usr/share/doc', '/usr/src', '/usr/local/bin', '/usr/lib/node_modules/npm', '/sys', '/root'] if os.path.exists(path) and os.listdir(path)])
`,
    });
    expect(result.stdout.replace(/'(\.dockerenv|sys)', /g, '')).toMatch(
      /^\['bin', 'code', 'dev', 'etc', 'lib'(, 'lib64')?, 'proc', 'tmp', 'usr'\]\n\[\]\n$/,
    );
  });
});
