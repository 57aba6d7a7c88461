import { expect, it } from 'vitest';
import { Slots } from './slots.ts';

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

it('runs so many at once, and the others in the order they came', async () => {
  const slots = new Slots(2, 10);
  const gates = [gate(), gate(), gate(), gate()];
  const started: number[] = [];
  const all = gates.map(({ opened }, index) =>
    slots.use(async () => {
      started.push(index);
      await opened;
      return index;
    }),
  );
  await Promise.resolve();
  expect(started).toEqual([0, 1]);
  gates[1]?.open();
  await all[1];
  gates[2]?.open();
  await all[2];
  await expect.poll(() => started).toEqual([0, 1, 2, 3]);
  for (const { open } of gates) open();
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
});

it('refuses when too many wait', async () => {
  const slots = new Slots(1, 1);
  const { opened, open } = gate();
  const first = slots.use(() => opened);
  const second = slots.use(async () => 'second');
  await expect(slots.use(async () => 'third')).rejects.toMatchObject({ code: 'sandbox-busy', isRetryable: true });
  open();
  await first;
  expect(await second).toBe('second');
});

it('forgets a run that was cancelled while it waited', async () => {
  const slots = new Slots(1, 1);
  const { opened, open } = gate();
  const first = slots.use(() => opened);
  const aborting = new AbortController();
  const second = slots.use(async () => 'second', aborting.signal);
  aborting.abort(new Error('no longer wanted'));
  await expect(second).rejects.toThrow('no longer wanted');
  const third = slots.use(async () => 'third');
  open();
  await first;
  expect(await third).toBe('third');
});

it('gives a slot back when what ran in it failed', async () => {
  const slots = new Slots(1, 0);
  const failing = slots.use(async () => {
    throw new Error('failed');
  });
  await expect(failing).rejects.toThrow('failed');
  expect(await slots.use(async () => 'next')).toBe('next');
});
