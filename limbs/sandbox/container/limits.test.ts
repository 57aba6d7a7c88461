import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { RunRequest, RunResult } from '../engine.ts';
import { ContainerEngine } from './engine.ts';
import { limitsThatDoNotHold } from './limits.ts';

/** Answers of an engine whose every limit holds, by a word of the program that asks. */
const held = { fork: 'held\n', monotonic: '1.02\n', truncate: 'processes 3\nscratch 1048576\nfiles 64\n' };

function engineThat(answers: Partial<typeof held>): (request: RunRequest) => Promise<RunResult> {
  const { fork, monotonic, truncate } = { ...held, ...answers };
  return async ({ code }) => {
    const stdout = code.includes('truncate') ? truncate : code.includes('monotonic') ? monotonic : fork;
    return {
      outcome: 'exited',
      message: '',
      exitCode: 0,
      stdout,
      stderr: '',
      stdoutTruncated: false,
      stderrTruncated: false,
      durationMs: 1,
      engine: 'docker',
      level: 'container',
    };
  };
}

describe('the limits of a container', () => {
  it('all hold where each was seen to hold', async () => {
    expect(await limitsThatDoNotHold(engineThat({}))).toEqual([]);
    // The kernel ends the program, which then says nothing.
    expect(await limitsThatDoNotHold(engineThat({ fork: '' }))).toEqual([]);
  });

  it.each([
    ['memory', { fork: 'reached\n' }],
    ['number of processes', { truncate: 'processes 100\nscratch 1048576\nfiles 64\n' }],
    ['scratch space', { truncate: 'processes 3\nscratch 67108864\nfiles 64\n' }],
    ['number of files', { truncate: 'processes 3\nscratch 1048576\nfiles 5000\n' }],
  ])('do not all hold where %s is not limited', async (name, answers) => {
    expect(await limitsThatDoNotHold(engineThat(answers))).toEqual([name]);
  });

  it.runIf(availableParallelism() > 1)('do not all hold where a run may have every processor', async () => {
    expect(await limitsThatDoNotHold(engineThat({ monotonic: '1.98\n' }))).toEqual(['processor time']);
  });

  it('do not hold where the program that asks was stopped before it could tell', async () => {
    expect(await limitsThatDoNotHold(engineThat({ monotonic: '', truncate: '' }))).toEqual([
      ...(availableParallelism() > 1 ? ['processor time'] : []),
      'number of processes',
      'scratch space',
      'number of files',
    ]);
  });
});

const engine = new ContainerEngine();
const probe = await engine.probe();
const title = probe.present ? '' : ` SKIPPED, the engine is absent: ${probe.reason}`;

(probe.present ? describe : describe.skip)(`the label of this machine's containers${title}`, () => {
  it('is the full one only if every limit is seen to hold', async () => {
    const broken = await limitsThatDoNotHold((request) => engine.run(request));
    if (engine.level === 'container') expect(broken).toEqual([]);
    else expect(probe.present && probe.detail).toContain('process limits only');
    // These hold in every container of Docker, by limits of each process and sizes of file systems.
    if (engine.name === 'docker') expect(broken).not.toContain('number of processes');
    if (engine.name === 'docker') expect(broken).not.toContain('scratch space');
    if (engine.name === 'docker') expect(broken).not.toContain('number of files');
    await engine.close();
  });
});
