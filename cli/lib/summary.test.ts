import { Identity, Timestamp } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import type { SummaryBody } from '../../bindings/types.ts';
import { formatDuration, formatSummary, summaryJson } from './summary.ts';

const body: SummaryBody = {
  text: 'A limb is an edge worker.\n',
  citations: [
    { document: 'README.md', section: 'Start', quote: 'an edge\n  worker' },
    { document: 'notes.txt', section: '', quote: '' },
  ],
  engine: 'extractive',
  note: 'no language model',
  exitCode: undefined,
  artefacts: [],
  tokensIn: 0,
  tokensOut: 0,
  costMicros: 0n,
  durationMs: 1234,
  timings: [{ name: 'recall', durationMs: 12 }],
};
const withoutColours = (text: string): string =>
  ['1', '2', '22'].reduce((rest, code) => rest.replaceAll(`\u001b[${code}m`, ''), text);

describe('a summary as text', () => {
  it('is the answer, its sources, and how it came about', () => {
    expect(withoutColours(formatSummary(body))).toBe(
      [
        'A limb is an edge worker.',
        '',
        'Sources',
        '  [1] README.md › Start',
        '      “an edge worker”',
        '  [2] notes.txt',
        '',
        'extractive · 1.2 s (recall 12 ms)',
        'Note: no language model',
      ].join('\n'),
    );
  });

  it('tells tokens, cost and exit status when there are any', () => {
    const run = {
      ...body,
      citations: [],
      note: '',
      timings: [],
      exitCode: 3,
      tokensIn: 5,
      tokensOut: 7,
      costMicros: 1500n,
    };
    expect(withoutColours(formatSummary(run))).toBe(
      'A limb is an edge worker.\n\nextractive · exit status 3 · 5 tokens in, 7 out · cost 0.0015 · 1.2 s',
    );
  });

  it('cannot move the cursor of a terminal', () => {
    const hostile = {
      ...body,
      text: 'a\x1b[2Jb\rc\nd\te',
      citations: [{ document: 'x\x1b]0;y\x07', section: '', quote: '' }],
    };
    expect(withoutColours(formatSummary(hostile))).toContain('a[2Jbc\nd\te');
    expect(withoutColours(formatSummary(hostile))).not.toMatch(/(?![\n\t])\p{Cc}/u);
  });
});

it('a summary as JSON has 64-bit numbers as text', () => {
  const row = { taskId: 2n ** 60n, tenantId: 1n, attempt: 1, limb: new Identity(255n), body, at: new Timestamp(0n) };
  expect(JSON.parse(summaryJson(row))).toMatchObject({
    taskId: '1152921504606846976',
    limb: 'ff'.padStart(64, '0'),
    at: '1970-01-01T00:00:00.000Z',
    body: { text: body.text, costMicros: '0' },
  });
});

it.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [1000, '1.0 s'],
  [59_900, '59.9 s'],
  [185_000, '3 min 5 s'],
])('%d ms reads %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});
