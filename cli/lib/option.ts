import { InvalidArgumentError } from 'commander';

/** What `--json` does, and what `--yes` does, wherever they are. */
export const jsonHelp = 'print as JSON; integers of 64 bits are strings';
export const yesHelp = 'do not ask';

/** Examples for the end of a command's help. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

const lineCharsMax = 80;

/** A remark in a command's help, broken between words where a line is full. */
export function note(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && longer.length <= lineCharsMax) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return `\n${lines.join('\n')}`;
}

export function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65535) throw new InvalidArgumentError('Expected a port between 0 and 65535.');
  return value;
}

export function address(text: string): { host: string; port: number } {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d+)$/.exec(text);
  const host = match?.groups?.['v6'] ?? match?.groups?.['host'];
  if (host === undefined) throw new InvalidArgumentError('Expected host:port, such as 127.0.0.1:3000.');
  return { host, port: port(match?.groups?.['port'] ?? '') };
}

export function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(`Expected a whole number above 0${value > 1e15 ? ', of at most 15 digits' : ''}.`);
  }
  return value;
}

export function countUpTo(most: number): (text: string) => number {
  return (text) => {
    if (count(text) > most) throw new InvalidArgumentError(`Expected a whole number of at most ${most}.`);
    return count(text);
  };
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('Expected a whole number.');
  return value;
}

/** The number of a task, a run or whatever else the hub numbers. */
export function id(text: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw new InvalidArgumentError('Expected a number, such as 12.');
  return BigInt(text);
}

/** As `id`, of an argument that may be given several times. */
export function ids(text: string, earlier: readonly bigint[] = []): bigint[] {
  return [...earlier, id(text)];
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @returns milliseconds */
export function duration(text: string): number {
  const [, number, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (unit === undefined) throw new InvalidArgumentError('Expected a duration such as 90s, 15m, 1h or 2d.');
  return Number(number) * (unitMs[unit] ?? 0);
}

/** Digits, perhaps with a point; or `none`. */
export type AmountText = string;

export function amount(text: string): AmountText {
  if (text === 'none' || /^\d{1,15}(\.\d+)?$/.test(text)) return text;
  throw new InvalidArgumentError('Expected an amount such as 100000 or 12.50, or none.');
}

export function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError('Expected a number of seconds, at most 86400.');
  return value;
}

export function price(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1_000_000)) throw new InvalidArgumentError('Expected a price such as 2.5.');
  return value;
}

export function time(text: string): Date {
  const value = new Date(text);
  if (Number.isNaN(value.getTime())) throw new InvalidArgumentError('Expected a date such as 2026-11-21T10:00Z.');
  return value;
}

/** Words between commas. */
export function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Of an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}
