import { type Attack, noKernel, type Try, text } from './attack.ts';

export const processTries: readonly Try[] = [
  { name: 'sees a process of the host', python: ({ victim }) => `return open('/proc/${victim.pid}/status').read()` },
  { name: 'sees the limb', python: () => `return open('/proc/${process.pid}/status').read()` },
  { name: 'ends a process of the host', python: ({ victim }) => `return os.kill(${victim.pid}, 9)` },
  { name: 'ends the limb', python: () => `return os.kill(${process.pid}, 9)` },
  { name: "ends the limb's parent", python: () => `return os.kill(${process.ppid}, 9)` },
  { name: 'ends the process group of the limb', python: () => `return os.killpg(${process.pid}, 9)` },
  {
    name: 'takes the priority of a process of the host',
    python: ({ victim }) => `return os.setpriority(os.PRIO_PROCESS, ${victim.pid}, 19)`,
  },
];

const nobodyElse = () => true;

/** These end their own program, and nothing else: the host looks for itself whether it noticed. */
const endings: Record<string, string> = {
  'ends the first process it sees': 'os.kill(1, 9)',
  'ends every process it sees': 'os.kill(-1, 9)',
  'ends its own process group': 'os.kill(0, 9)',
  'ends its parent': 'os.kill(os.getppid(), 9)',
  'stops its parent for ever': 'import signal; os.kill(os.getppid(), signal.SIGSTOP)',
  'ends itself with a dump of its memory': 'os.abort()',
};

const mark = 'helix-mark-of-a-hidden-process';

export const processAttacks: readonly Attack[] = [
  ...Object.entries(endings).map(
    ([name, code]): Attack => ({
      name,
      python: () => code,
      limits: { timeMs: 3000 },
      isHeld: nobodyElse,
    }),
  ),
  {
    name: 'hides a process that outlives it',
    python: () => `
import signal, subprocess, time
def hide():
    os.setsid()
    if os.fork(): os._exit(0)
    for n in range(1, 32):
        try: signal.signal(n, signal.SIG_IGN)
        except Exception: pass
    for descriptor in range(3): os.close(descriptor)
    os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(1000)', ${text(mark)}])
for _ in range(2):
    if os.fork() == 0: hide()
time.sleep(0.3)
print(subprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True).stdout)`,
    limits: { processesMax: 16 },
    isHeld: ({ stdout }) => stdout === "b'1\\n'\n",
    skip: noKernel,
  },
];

/** What the attack above puts into the command line of the processes that it hides. */
export const hiddenMark = mark;
