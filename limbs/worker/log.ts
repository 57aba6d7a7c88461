export type LogLevel = 'info' | 'warn' | 'error';

/** What a limb tells whoever operates it. No secret goes in. */
export type Log = (level: LogLevel, message: string) => void;

export type LogFormat = 'text' | 'json';

/** Lines for a person: the time of day and the message. */
export function humanLog(write: (line: string) => void): Log {
  return (level, message) => {
    const mark = level === 'info' ? '' : `${level}: `;
    write(`${new Date().toTimeString().slice(0, 8)} ${mark}${message}\n`);
  };
}

/** Lines for a program: one JSON object each. */
export function jsonLog(write: (line: string) => void): Log {
  return (level, message) => write(`${JSON.stringify({ time: new Date().toISOString(), level, message })}\n`);
}

/** On standard output. Default: for a person on a terminal or under `helix start`, which shows the lines to one; JSON otherwise. */
export function standardLog(format: LogFormat = usualFormat()): Log {
  const write = (line: string) => process.stdout.write(line);
  return format === 'json' ? jsonLog(write) : humanLog(write);
}

/** The format that is used when none is named. */
export function usualFormat(): LogFormat {
  return process.stdout.isTTY || process.connected ? 'text' : 'json';
}
