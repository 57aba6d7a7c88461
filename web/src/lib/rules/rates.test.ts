import { describe, expect, it } from 'vitest';
import { ratesOf } from './rates.ts';

const hourMs = 3_600_000;
const perHour = [...Array<number>(22).fill(0), 3, 5];

describe('the rates of a rule', () => {
  it('end with the present hour', () => {
    expect(ratesOf({ hour: 100, perHour }, 100 * hourMs + 5)).toEqual(perHour);
    expect(ratesOf({ hour: 100, perHour }, 102 * hourMs).slice(-4)).toEqual([3, 5, 0, 0]);
    expect(ratesOf({ hour: 100, perHour }, 102 * hourMs)).toHaveLength(24);
  });

  it('are nothing for a rule that fired long ago or never', () => {
    const none = Array<number>(24).fill(0);
    expect(ratesOf({ hour: 100, perHour }, 500 * hourMs)).toEqual(none);
    expect(ratesOf({ hour: 0, perHour: [] }, 500 * hourMs)).toEqual(none);
  });
});
