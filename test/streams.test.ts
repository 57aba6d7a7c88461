import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { StreamPiece } from '../bindings/types.ts';
import { lockFile } from '../engine/index.ts';
import { type Limb, startLimb } from '../limbs/index.ts';
import { defineSkill, type SkillContext } from '../limbs/skills/skill.ts';
import { TestHub } from '../limbs/testing/hub.ts';
import { assemble } from '../web/src/lib/live/stream.ts';
import { connectTo, subscribe, until } from './support/hub.ts';

// What a task tells while it runs, from the limb that tells it to those who look on, over real sockets.

let hub: TestHub;
const limbs: Limb[] = [];
/** What runs at the moment, by the limb's name. */
const works = new Map<string, { readonly context: SkillContext; finish(): void }>();

beforeAll(async () => {
  hub = await TestHub.open();
});

afterAll(async () => {
  for (const limb of limbs) await limb.stop(0);
  await hub.close();
});

async function startTeller(name: string): Promise<Limb> {
  const skill = defineSkill({
    name: 'tell',
    input: z.unknown(),
    work: (_, context) =>
      new Promise((resolve, reject) => {
        context.signal.addEventListener('abort', () => reject(context.signal.reason));
        works.set(name, { context, finish: () => resolve({ text: 'told', engine: 'test' }) });
      }),
  });
  const limb = await startLimb(
    {
      folder: join(hub.folder, name),
      lockFile,
      hub: hub.address,
      name,
      version: 'test',
      pairCode: await hub.pairCode(),
      env: {},
      log: () => {},
    },
    async () => ({
      skills: [skill],
      model: '',
      sandbox: '',
      memoryFacts: async () => ({ documentCount: 0, chunkCount: 0, byteCount: 0, engine: 'none' }),
      close: async () => {},
    }),
  );
  limbs.push(limb);
  return limb;
}

/** Somebody who looks on from now, and what they have seen of a task. */
async function lookOn(taskId: bigint) {
  const connection = await connectTo(hub.address.url, hub.ownerToken);
  const streamed: StreamPiece[] = [];
  connection.db.stream.onInsert((_, piece) => streamed.push(piece));
  await subscribe(
    connection,
    `SELECT * FROM progress WHERE task_id = ${taskId}`,
    `SELECT * FROM stream WHERE task_id = ${taskId}`,
  );
  const parts = () => assemble([...connection.db.progress.iter(), ...streamed]);
  const text = (attempt = 1) =>
    parts().findLast((part) => part.kind === 'Text' && part.attempt === attempt)?.text ?? '';
  return { streamed, parts, text, leave: () => connection.disconnect() };
}

test('a text is seen as it is written, also by who comes in the middle of it', async () => {
  await startTeller('one');
  const taskId = await hub.submit('tell', {});
  const early = await lookOn(taskId);
  const { context, finish } = await until('the work begins', () => works.get('one'));
  context.progress('begins');
  const tell = context.tellText();
  const whole = Array.from({ length: 60 }, (_, i) => `word ${i} `).join('');
  for (const word of whole.slice(0, 200).match(/[^ ]+ ?/g) ?? []) {
    tell(word);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await until('the first has seen the beginning', () => early.text() === whole.slice(0, 200));
  expect(early.streamed.length).toBeGreaterThan(5);
  const late = await lookOn(taskId);
  tell(whole.slice(200, 300));
  await until('the late one has seen all of it too', () => late.text() === whole.slice(0, 300));
  tell(whole.slice(300));
  finish();
  await hub.reaches(taskId, 'Done');
  const afterwards = await lookOn(taskId);
  for (const viewer of [early, late, afterwards]) {
    await until('all see the same', () => viewer.text() === whole);
    const lines = viewer.parts().filter(({ kind }) => kind === 'Line');
    expect(lines.map(({ text }) => text).join('\n')).toBe('Started\nbegins');
    viewer.leave();
  }
  expect(afterwards.streamed).toEqual([]);
});

test('a task that goes to another limb starts its stream anew', async () => {
  const [one] = limbs;
  const taskId = await hub.submit('tell', {});
  works.clear();
  const viewer = await lookOn(taskId);
  (await until('the work begins', () => works.get('one'))).context.tellText()('This will not');
  await until('it is seen', () => viewer.text() === 'This will not');
  await one?.stop(0);
  await startTeller('two');
  const { context, finish } = await until('the other one begins', () => works.get('two'));
  context.tellText()('This will.');
  finish();
  await hub.reaches(taskId, 'Done');
  await until('the second attempt is seen', () => viewer.text(2) === 'This will.');
  expect(viewer.text(1)).toBe('This will not');
  viewer.leave();
});
