import { expect, it } from 'vitest';
import { timeMoment } from './moment.ts';

const whole = 1_769_860_800_000_000n;

it.each([
  ['2026-01-31T12:00Z', whole + 999n],
  ['2026-01-31T12:00:00Z', whole + 999n],
  ['2026-01-31T13:00:00+01:00', whole + 999n],
  ['2026-01-31T12:00:00.123Z', whole + 123_999n],
  ['2026-01-31T12:00:00.123456Z', whole + 123_456n],
])('[DATA2] %s goes as far as it is written', (text, micros) => {
  expect(timeMoment(text)).toEqual({ kind: 'time', micros });
});

it.each(['yesterday', 'commit 12', '2026-01-31', '2026-01-31T12:00:00', '2026-13-31T12:00:00Z', '2026-01-31 12:00Z'])(
  '[DATA2] %s is no time',
  (text) => {
    expect(timeMoment(text)).toBeUndefined();
  },
);
