import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

const lineCharsMax = 8192;

/** Hears each line of a stream, without colours; what is longer than 8192 characters comes in pieces. */
export function lines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  const tell = (line: string): void => {
    const text = stripVTControlCharacters(line).trimEnd();
    if (text !== '') onLine(text);
  };
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const parts = (rest + text).split(/\r?\n|\r/);
    rest = parts.pop() ?? '';
    for (const part of parts) tell(part);
    if (rest.length > lineCharsMax) {
      tell(rest);
      rest = '';
    }
  });
  stream.on('end', () => tell(rest));
}
