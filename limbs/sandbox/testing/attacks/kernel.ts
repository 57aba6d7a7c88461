import { type Attack, noKernel, type Try } from './attack.ts';

/** Numbers on x64 and arm64; what each would be good for. */
const forbiddenCalls: Record<string, readonly [x64: number, arm64: number]> = {
  'controls another process (ptrace)': [101, 117],
  "reads another process's memory (process_vm_readv)": [310, 270],
  "takes another process's descriptor (pidfd_getfd)": [438, 438],
  'mounts a file system (mount)': [165, 40],
  'takes a wall away (umount2)': [166, 39],
  'changes its root (pivot_root)': [155, 41],
  'changes its root (chroot)': [161, 51],
  'mounts a file system (open_tree)': [428, 428],
  'mounts a file system (fsopen)': [430, 430],
  'opens a wall (mount_setattr)': [442, 442],
  'opens a file by its number (open_by_handle_at)': [304, 265],
  'takes namespaces of its own (unshare)': [272, 97],
  "joins the host's namespaces (setns)": [308, 268],
  'forks into new namespaces (clone3)': [435, 435],
  'reads keys of the kernel (keyctl)': [250, 219],
  'adds a key to the kernel (add_key)': [248, 217],
  'loads a program into the kernel (bpf)': [321, 280],
  'watches the machine (perf_event_open)': [298, 241],
  'stops the kernel at a page (userfaultfd)': [323, 282],
  'has the kernel do its calls (io_uring_setup)': [425, 425],
  'loads a module of the kernel (init_module)': [175, 105],
  'starts another kernel (kexec_load)': [246, 104],
  'restarts the machine (reboot)': [169, 142],
  'becomes root (setuid)': [105, 146],
  'weakens its own protection (personality)': [135, 92],
  'keeps memory that no limit counts (memfd_create)': [319, 279],
  'keeps memory that outlives it (shmget)': [29, 194],
  'keeps messages that outlive it (msgget)': [68, 186],
  'keeps messages that outlive it (mq_open)': [240, 180],
  'makes a socket by number (socket)': [41, 198],
  'makes rules of its own (landlock_create_ruleset)': [444, 444],
};

const newNamespaces: Record<string, number> = {
  mount: 0x20000,
  'control group': 0x02000000,
  name: 0x04000000,
  message: 0x08000000,
  user: 0x10000000,
  process: 0x20000000,
  network: 0x40000000,
};

const ioctl = (request: string) => `
import ctypes
if ctypes.CDLL(None).ioctl(0, ${request}, ctypes.byref(ctypes.c_int(0))) == -1: raise PermissionError()`;

export const kernelTries: readonly Try[] = [
  ...Object.entries(forbiddenCalls).map(
    ([name, [x64, arm64]]): Try => ({ name, python: () => `return syscall(${x64}, ${arm64}, 0, 0, 0, 0, 0, 0)` }),
  ),
  ...Object.entries(newNamespaces).map(
    ([name, flag]): Try => ({
      name: `forks into a new ${name} namespace (clone)`,
      python: () => `
got = syscall(56, 220, ${flag} | 17, 0, 0, 0, 0)
if got[0] == 0: os._exit(0)
return got`,
    }),
  ),
  { name: 'types into the terminal of the limb (TIOCSTI)', python: () => ioctl('0x5412') },
  { name: 'takes the terminal of the limb (TIOCSCTTY)', python: () => ioctl('0x540e') },
  { name: 'changes the terminal of the limb (TIOCLINUX)', python: () => ioctl('0x541c') },
  { name: 'becomes root by Python', python: () => 'os.setuid(0)', skip: noKernel },
  { name: 'takes the group of root', python: () => 'os.setgid(0)', skip: noKernel },
  { name: 'takes more groups', python: () => 'os.setgroups([0])' },
  { name: 'takes more of the processor than others (nice)', python: () => 'os.nice(-5)' },
  ...['RLIMIT_AS', 'RLIMIT_NPROC', 'RLIMIT_NOFILE', 'RLIMIT_FSIZE', 'RLIMIT_CPU', 'RLIMIT_CORE'].map(
    (name): Try => ({
      name: `lifts its own limit ${name}`,
      python: () => `
import resource
hard = resource.getrlimit(resource.${name})[1]
if hard == resource.RLIM_INFINITY: return 'not limited'
resource.setrlimit(resource.${name}, (hard + 1, hard + 1))`,
      skip: noKernel,
    }),
  ),
  {
    name: 'shares memory that outlives it',
    python: () =>
      'from multiprocessing import shared_memory\nreturn shared_memory.SharedMemory(create=True, size=2 ** 20)',
  },
];

export const kernelAttacks: readonly Attack[] = [
  {
    name: 'has a right of its own, or could get one',
    python: () => `
import re
status = open('/proc/self/status').read()
wanted = {'CapEff': '0' * 16, 'CapPrm': '0' * 16, 'CapInh': '0' * 16, 'CapBnd': '0' * 16, 'CapAmb': '0' * 16, 'NoNewPrivs': '1', 'Seccomp': '2'}
print([name for name, value in wanted.items() if re.search(name + r':\\s+(\\w+)', status)[1] != value])`,
    isHeld: ({ stdout }) => stdout === '[]\n',
    skip: noKernel,
  },
  {
    name: 'runs a program that belongs to root with its rights (setuid)',
    python: () => `
found = []
for folder, _, names in os.walk('/'):
    if folder.startswith(('/proc', '/sys')): continue
    for name in names:
        try: mode = os.stat(os.path.join(folder, name), follow_symlinks=False).st_mode
        except OSError: continue
        if mode & 0o6000 and mode & 0o111 and mode & 0o170000 == 0o100000: found.append(os.path.join(folder, name))
for path in found:
    pid = os.fork()
    if pid == 0:
        try: os.execv(path, [path, '--version'])
        except OSError: os._exit(0)
    os.waitpid(pid, 0)
status = open('/proc/self/status').read()
print('NoNewPrivs:\\t1' in status)`,
    isHeld: ({ stdout }) => stdout.endsWith('True\n'),
    limits: { timeMs: 20_000 },
    skip: noKernel,
  },
];
