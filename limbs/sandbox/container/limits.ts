import { availableParallelism } from 'node:os';
import type { RunRequest, RunResult } from '../engine.ts';

const mib = 1024 * 1024;
const triedMemoryBytes = 96 * mib;
const triedScratchBytes = mib;
const triedProcesses = 4;
const filesMany = 5000;
/** One processor is what a run may have; measuring is not exact. */
const processorsMax = 1.4;

const memory = `
import os, time
for _ in range(4):
    if os.fork() == 0:
        held = b'x' * (48 * 1024 * 1024)
        time.sleep(1)
        os._exit(0)
print('reached' if sum(os.wait()[1] == 0 for _ in range(4)) == 4 else 'held')
`;

const processors = (count: number) => `
import os, time
began = time.monotonic()
parent = os.getpid()
for _ in range(${count - 1}):
    if os.fork() == 0: break
while time.monotonic() - began < 0.6: pass
if os.getpid() != parent: os._exit(0)
for _ in range(${count - 1}): os.wait()
print(sum(os.times()[:4]) / (time.monotonic() - began))
`;

const others = `
import os, time
count = 0
try:
    while count < 100:
        if os.fork() == 0: time.sleep(5); os._exit(0)
        count += 1
except OSError: pass
print('processes', count)
written = 0
try:
    with open('/tmp/big', 'wb', buffering=0) as file:
        while written < ${64 * mib}: written += file.write(bytes(65536))
except OSError: pass
print('scratch', written)
files = 0
try:
    os.truncate('/tmp/big', 0)
    while files < ${filesMany}:
        open(f'/tmp/{files}', 'w').close()
        files += 1
except OSError: pass
print('files', files, flush=True)
os._exit(0)
`;

/** Which limits of a container do not hold for all of its processes together, in words: an engine may claim them all. */
export async function limitsThatDoNotHold(run: (request: RunRequest) => Promise<RunResult>): Promise<string[]> {
  const broken: string[] = [];
  if ((await run({ code: memory, limits: { memoryBytes: triedMemoryBytes } })).stdout.includes('reached')) {
    broken.push('memory');
  }
  const count = availableParallelism();
  if (count > 1) {
    const { stdout } = await run({ code: processors(count), limits: { processesMax: count + 1 } });
    if (!(Number.parseFloat(stdout) <= processorsMax)) broken.push('processor time');
  }
  const { stdout } = await run({
    code: others,
    limits: { processesMax: triedProcesses, scratchBytes: triedScratchBytes },
  });
  const seen = (what: string) => Number(new RegExp(`^${what} (\\d+)$`, 'm').exec(stdout)?.[1] ?? Number.NaN);
  if (!(seen('processes') <= triedProcesses)) broken.push('number of processes');
  if (!(seen('scratch') <= triedScratchBytes)) broken.push('scratch space');
  if (!(seen('files') < filesMany)) broken.push('number of files');
  return broken;
}
