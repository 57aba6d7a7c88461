import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { watchLinesOn, watchOn } from './watcher.ts';

/** A terminal of a size that takes what is written, or a pipe. */
function output(size?: { columns: number; rows: number }) {
  const stream = Object.assign(new PassThrough(), { isTTY: size !== undefined, ...size });
  let written = '';
  stream.on('data', (bytes) => {
    written += bytes;
  });
  return { stream: stream as unknown as NodeJS.WriteStream, screen: () => screenOf(written), written: () => written };
}

/** What a terminal shows after it has read this. */
function screenOf(written: string): string[] {
  const rows = [''];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal obeys.
  for (const [, up, text = ''] of written.matchAll(/(?:\u001b\[(\d+)A\u001b\[0J)|([^\u001b\n]+|\n|\u001b\[\d+m)/g)) {
    if (up !== undefined) rows.splice(-1 - Number(up), Number(up) + 1, '');
    else if (text === '\n') rows.push('');
    else rows[rows.length - 1] += stripVTControlCharacters(text);
  }
  return rows;
}

describe('on a terminal', () => {
  it('a text grows in place below the lines, and the result takes its place', () => {
    const { stream, screen } = output({ columns: 20, rows: 10 });
    const watcher = watchOn(stream);
    watcher.line('bot works on it');
    watcher.text?.('1/1', 'A lease');
    watcher.text?.('1/1', 'A lease is a claim with an attempt');
    expect(screen()).toEqual(['· bot works on it', 'A lease is a claim', 'with an attempt', '']);
    watcher.line('Recalled 2 parts');
    expect(screen()).toEqual(['· bot works on it', '· Recalled 2 parts', 'A lease is a claim', 'with an attempt', '']);
    watcher.end?.();
    expect(screen()).toEqual(['· bot works on it', '· Recalled 2 parts', '']);
  });

  it('of a text that is longer than the screen the end is shown', () => {
    const { stream, screen } = output({ columns: 20, rows: 5 });
    const watcher = watchOn(stream);
    for (let n = 1; n <= 20; n++) {
      watcher.text?.('1/1', Array.from({ length: n }, (_, i) => `line ${i}`).join('\n'));
    }
    expect(screen()).toEqual(['line 17', 'line 18', 'line 19', '']);
  });

  it('a text without spaces or with wide characters stays inside its rows', () => {
    const { stream, screen } = output({ columns: 21, rows: 10 });
    watchOn(stream).text?.('1/1', `${'x'.repeat(45)}\n${'租'.repeat(12)}`);
    expect(screen()).toEqual(['x'.repeat(20), 'x'.repeat(20), 'xxxxx', '租'.repeat(10), '租租', '']);
  });

  it('nothing in a text moves the cursor, and another attempt starts anew', () => {
    const { stream, screen, written } = output({ columns: 40, rows: 10 });
    const watcher = watchOn(stream);
    watcher.text?.('1/1', 'one\u001b[2J\rtwo');
    expect(screen()).toEqual(['one[2Jtwo', '']);
    expect(written()).not.toContain('\u001b[2J');
    watcher.text?.('', '');
    expect(screen()).toEqual(['']);
  });
});

describe('on a pipe', () => {
  const sentence = 'A lease is a claim of one limb on one task, and it carries the number of the attempt. ';

  it('a text comes by the line: at line breaks, at ends of sentences, and what is left in the end', () => {
    const { stream, written } = output();
    const watcher = watchOn(stream);
    watcher.text?.('1/1', 'Well.\nA lease is');
    expect(written()).toBe('· Well.\n');
    watcher.text?.('1/1', `Well.\n${sentence}It`);
    expect(written()).toBe(`· Well.\n· ${sentence.trim()}\n`);
    watcher.text?.('1/1', `Well.\n${sentence}It ends.`);
    watcher.end?.();
    expect(written()).toBe(`· Well.\n· ${sentence.trim()}\n· It ends.\n`);
  });

  it('another text begins after the one before has ended', () => {
    const { stream, written } = output();
    const watcher = watchOn(stream);
    watcher.text?.('1/1', 'I look it up');
    watcher.line('Recalled 2 parts');
    watcher.text?.('1/3', 'It is');
    watcher.text?.('2/1', 'Once more');
    watcher.end?.();
    expect(written()).toBe('· I look it up\n· Recalled 2 parts\n· It is\n· Once more\n');
  });
});

it('for programs there are lines only', () => {
  const { stream, written } = output({ columns: 40, rows: 10 });
  const watcher = watchLinesOn(stream);
  watcher.line('on it');
  watcher.text?.('1/1', 'A lease.\n');
  watcher.end?.();
  expect(stripVTControlCharacters(written())).toBe('· on it\n');
});
