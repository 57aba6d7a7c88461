import { availableParallelism } from 'node:os';
import type { RunRequest, RunResult } from '../engine.ts';

const MIB = 1024 * 1024;
const MEMORY_BYTES = 96 * MIB;
const SCRATCH_BYTES = MIB;
const PROCESSES = 4;
const FILES_MANY = 5000;
/** One processor is what a run may have; measuring is not exact. */
const PROCESSORS_MAX = 1.4;

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
        while written < ${64 * MIB}: written += file.write(bytes(65536))
except OSError: pass
print('scratch', written)
files = 0
try:
    os.truncate('/tmp/big', 0)
    while files < ${FILES_MANY}:
        open(f'/tmp/{files}', 'w').close()
        files += 1
except OSError: pass
print('files', files, flush=True)
os._exit(0)
`;

/** Which limits of a container do not hold for all of its processes together, in words: an engine may claim them all. */
export async function limitsThatDoNotHold(run: (request: RunRequest) => Promise<RunResult>): Promise<string[]> {
  const broken: string[] = [];
  if ((await run({ code: memory, limits: { memoryBytes: MEMORY_BYTES } })).stdout.includes('reached')) {
    broken.push('memory');
  }
  const count = availableParallelism();
  if (count > 1) {
    const { stdout } = await run({ code: processors(count), limits: { processesMax: count + 1 } });
    if (!(Number.parseFloat(stdout) <= PROCESSORS_MAX)) broken.push('processor time');
  }
  const { stdout } = await run({
    code: others,
    limits: { processesMax: PROCESSES, scratchBytes: SCRATCH_BYTES },
  });
  const seen = (what: string) => Number(new RegExp(`^${what} (\\d+)$`, 'm').exec(stdout)?.[1] ?? Number.NaN);
  if (!(seen('processes') <= PROCESSES)) broken.push('number of processes');
  if (!(seen('scratch') <= SCRATCH_BYTES)) broken.push('scratch space');
  if (!(seen('files') < FILES_MANY)) broken.push('number of files');
  return broken;
}
