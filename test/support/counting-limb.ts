import { appendFileSync } from 'node:fs';
import { z } from 'zod';
import { lockFile } from '../../engine/index.ts';
import { startLimb } from '../../limbs/index.ts';
import { defineSkill } from '../../limbs/skills/skill.ts';

// A limb in a process of its own with one made-up skill, `count`: it writes the task's number to a file, waits as long as
// it is told to, in its first task looks at nothing else for as long as it is told to, and is done. The connection, the
// claims and the reports are those of every limb.

const [folder = '', url = '', pairCode = '', ledger = '', waitMs = '0', busyMs = '0'] = process.argv.slice(2);

let isFirst = true;

const count = defineSkill({
  name: 'count',
  input: z.object({ number: z.number() }),
  work: async ({ number }) => {
    appendFileSync(ledger, `${number}\n`);
    await new Promise((resolve) => setTimeout(resolve, Number(waitMs)));
    if (isFirst) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(busyMs));
    isFirst = false;
    return { text: `counted ${number}`, engine: 'count' };
  },
});

const name = folder.split('/').at(-1) ?? 'limb';
await startLimb(
  {
    folder,
    lockFile,
    hub: { url, database: 'helix' },
    name,
    version: '0',
    pairCode,
    env: {},
    capacity: 16,
    log: () => {},
  },
  async () => ({
    skills: [count],
    model: '',
    sandbox: '',
    memoryFacts: async () => ({ documentCount: 0, chunkCount: 0, byteCount: 0, engine: 'none' }),
    close: async () => {},
  }),
);
console.log('started');
