import fc from 'fast-check';
import type { Step } from '../step.ts';
import {
  comingBack,
  crashing,
  cutting,
  jumping,
  leaving,
  moment,
  noticing,
  stalling,
  waiting,
  wakingUp,
} from './trouble.ts';
import { cancelling, claiming, limiting, redriving, reporting, spending, submitting, working } from './work.ts';
import type { World } from './world.ts';

const steps = fc.array<Step<World>>(
  fc.oneof(
    { weight: 12, arbitrary: submitting },
    { weight: 14, arbitrary: claiming },
    { weight: 14, arbitrary: reporting },
    { weight: 6, arbitrary: spending },
    { weight: 3, arbitrary: cancelling },
    { weight: 3, arbitrary: redriving },
    { weight: 2, arbitrary: limiting },
    { weight: 2, arbitrary: working },
    { weight: 4, arbitrary: stalling },
    { weight: 3, arbitrary: wakingUp },
    { weight: 3, arbitrary: leaving },
    { weight: 4, arbitrary: comingBack },
    { weight: 2, arbitrary: cutting },
    { weight: 1, arbitrary: noticing },
    { weight: 5, arbitrary: waiting },
    { weight: 3, arbitrary: moment },
    { weight: 2, arbitrary: jumping },
    { weight: 1, arbitrary: crashing },
  ),
  { maxLength: 60, size: 'max' },
);

/** What happens, one step after another; a limb stalls in each. */
export const history: fc.Arbitrary<Step<World>[]> = fc
  .tuple(steps, stalling, fc.nat({ max: 60 }))
  .map(([all, stall, at]) => [...all.slice(0, at), stall, ...all.slice(at)]);
