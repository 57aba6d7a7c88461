import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LimbError } from '../errors.ts';
import { type AwaitedOptions, awaitIt } from './awaited.ts';

const away = (reason: string) => new LimbError('away', reason, { isRetryable: true });

let closed: number;
let lacks: string[];
let there: number;

beforeEach(() => {
  [closed, lacks, there] = [0, [], 0];
});

afterEach(() => {
  vi.useRealTimers();
});

const thing = { close: async () => void closed++ };

/** Something that comes when the test says so. */
function later() {
  let resolve: (value: typeof thing) => void = () => {};
  const promise = new Promise<typeof thing>((given) => {
    resolve = given;
  });
  return { promise, resolve };
}

function options(open: AwaitedOptions<typeof thing>['open']): AwaitedOptions<typeof thing> {
  return { open, pauseMs: 1, onLack: (lack) => lacks.push(lack), onThere: () => there++ };
}

test('what is there at once is told nobody', async () => {
  const awaited = await awaitIt(options(async () => thing));
  expect(awaited).toMatchObject({ value: thing, lack: '' });
  await awaited.close();
  expect({ lacks, there, closed }).toEqual({ lacks: [], there: 0, closed: 1 });
});

test('what fails is tried until it comes, and each reason is told once', async () => {
  const failures = [away('no server'), away('no server'), new LimbError('no-model', 'no model')];
  const awaited = await awaitIt(
    options(async () => {
      const failure = failures.shift();
      if (failure) throw failure;
      return thing;
    }),
  );
  expect(awaited).toMatchObject({ value: undefined, lack: 'no server' });
  await vi.waitUntil(() => there === 1, { timeout: 20_000 });
  expect(awaited).toMatchObject({ value: thing, lack: '' });
  expect(lacks).toEqual(['no server', 'no model']);
  await awaited.close();
});

test('a setting that is wrong from the start is no reason to wait', async () => {
  const failure = new LimbError('memory-embedder-differs', 'made with another model');
  await expect(
    awaitIt(
      options(async () => {
        throw failure;
      }),
    ),
  ).rejects.toBe(failure);
});

test('a server that takes the question and is silent holds no start up, and one that has answered is waited for', async () => {
  vi.useFakeTimers();
  const opened = later();
  const silent = awaitIt(options(() => opened.promise));
  await vi.advanceTimersByTimeAsync(10_000);
  const awaited = await silent;
  expect(awaited.lack).toBe('It has not answered yet.');
  opened.resolve(thing);
  await vi.waitUntil(() => there === 1);
  await awaited.close();

  let isThere = false;
  const slow = later();
  const answering = awaitIt(
    options((_signal, answered) => {
      answered();
      return slow.promise;
    }),
  ).then((opened) => {
    isThere = true;
    return opened;
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(isThere).toBe(false);
  slow.resolve(thing);
  await (await answering).close();
});

test('closing ends the waiting, and leaves nothing open', async () => {
  let signal: AbortSignal | undefined;
  const opened = later();
  const awaited = await awaitIt(
    options((given) => {
      if (signal) return opened.promise;
      signal = given;
      throw away('no server');
    }),
  );
  const closing = awaited.close();
  expect(signal?.aborted).toBe(true);
  opened.resolve(thing);
  await closing;
  expect(there).toBe(0);
});
