import type { RunResult } from '../../engine.ts';
import { type Attack, noKernel } from './attack.ts';

const mib = 1024 * 1024;
const outputBytesMax = 64 * 1024;

const filesAreMemory = { pyodide: 'in WebAssembly files are memory, and that is limited' };

/** The label says so: the full one is not given. */
const noLimitOfFiles = { podman: 'Podman cannot limit how many files there are, only their size', ...filesAreMemory };

const isTimedOut = ({ outcome }: RunResult) => outcome === 'timed-out';
const isOutOfMemory = ({ outcome }: RunResult) => outcome === 'out-of-memory' || outcome === 'killed';
const isCutOff = ({ outcome, stdout, stderr }: RunResult) =>
  outcome === 'output-limit' && stdout.length + stderr.length <= outputBytesMax;
const says = (expected: string) => (result: RunResult) => result.stdout === expected;

const endless: Record<string, string> = {
  'loops without end': 'while True: pass',
  'loops and ignores signals': `
import signal
for n in range(1, 32):
    try: signal.signal(n, lambda *a: None)
    except Exception: pass
while True: pass`,
  'loops and catches every error': `
while True:
    try:
        while True: pass
    except BaseException: pass`,
  'sleeps for long': 'import time; time.sleep(1000)',
  'matches a regular expression without end': 'import re; re.match("(a+)+b", "a" * 64)',
  'computes a number without end': 'print(len(str(9 ** 9 ** 9)))',
};

const memory: Record<string, string> = {
  'takes memory bit by bit without end': 'hoard = []\nwhile True: hoard.append(bytes(2 ** 20))',
  'takes memory all at once': 'hoard = bytearray(2 ** 31 - 1)',
  'takes memory by a list that grows': 'hoard = [0]\nwhile True: hoard += hoard',
};

const output: Record<string, string> = {
  'floods its output': 'while True: print("x" * 100_000)',
  'floods its errors': 'while True: print("x" * 100_000, file=sys.stderr)',
  'floods its output with many short lines': 'while True: print()',
  'floods its output with bytes that are no text': 'while True: os.write(1, bytes([0xff, 0xc0, 0x80]) * 10_000)',
};

export const resourceAttacks: readonly Attack[] = [
  ...Object.entries(endless).map(
    ([name, code]): Attack => ({ name, python: () => code, limits: { timeMs: 400 }, isHeld: isTimedOut }),
  ),
  ...Object.entries(memory).map(
    ([name, code]): Attack => ({
      name,
      python: () => code,
      limits: { memoryBytes: 128 * mib, timeMs: 20_000 },
      isHeld: isOutOfMemory,
    }),
  ),
  ...Object.entries(output).map(([name, code]): Attack => ({ name, python: () => code, isHeld: isCutOff })),
  {
    name: 'fills the disk',
    python: () => `
written = 0
try:
    with open('/tmp/big', 'wb', buffering=0) as file:
        while written < 512 * 2 ** 20: written += file.write(bytes(65536))
except OSError: pass
print(written <= 8 * 2 ** 20)`,
    limits: { scratchBytes: 8 * mib, memoryBytes: 256 * mib },
    isHeld: says('True\n'),
    skip: filesAreMemory,
  },
  {
    name: 'fills the disk with empty files',
    python: () => `
count = 0
try:
    while count < 100_000:
        open(f'/tmp/{count}', 'w').close()
        count += 1
except OSError: pass
print(count < 2000)`,
    isHeld: says('True\n'),
    skip: noLimitOfFiles,
  },
  {
    name: 'fills the disk with folders in folders',
    python: () => `
depth = 0
try:
    while depth < 20_000:
        os.mkdir('d'); os.chdir('d')
        depth += 1
except OSError: pass
print(depth < 2000)`,
    isHeld: says('True\n'),
    skip: noLimitOfFiles,
  },
  {
    name: 'opens files without end',
    python: () => `
held = []
try:
    while len(held) < 5000: held.append(open('/tmp/one', 'w'))
except OSError: pass
print(len(held) < 5000)`,
    isHeld: (result) => says('True\n')(result) || isOutOfMemory(result),
  },
  {
    name: 'forks without end (fork bomb)',
    python: () => `
count = 0
while True:
    try:
        if os.fork() == 0:
            while True:
                try: os.fork()
                except OSError: pass
    except OSError: break
    count += 1
print(count <= 8)`,
    isHeld: says('True\n'),
    skip: noKernel,
  },
  {
    name: 'starts threads without end',
    python: () => `
import threading, time
count = 0
try:
    while count < 1000:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        count += 1
except RuntimeError: pass
print(count < 1000)`,
    isHeld: says('True\n'),
  },
];
