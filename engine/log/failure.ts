import { Rejection } from '../errors.ts';

export type LogRejectionCode =
  /** Bytes in the middle of the log are not what was written. */
  | 'log-damaged'
  /** A segment is missing, or commits before the first segment are. */
  | 'log-incomplete'
  /** A file was trimmed while it was read: to read again helps. */
  | 'log-trimmed'
  /** The log was written by a newer version. */
  | 'log-version'
  /** There is no room for a commit. Nothing has changed; the log goes on when there is. */
  | 'disk-full'
  /** A write failed: nothing can be made durable until the process starts again. */
  | 'log-failed';

export class LogRejection extends Rejection {
  declare readonly code: LogRejectionCode;
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** The first commit that is lost, where the log itself is damaged; all before it are good. */
  readonly lostFrom: number | undefined;

  constructor(
    code: LogRejectionCode,
    file: string,
    offset: number,
    message: string,
    options?: ErrorOptions & { readonly lostFrom?: number },
  ) {
    super(code, message, options);
    this.file = file;
    this.offset = offset;
    this.lostFrom = options?.lostFrom;
  }
}

export function damaged(
  file: string,
  offset: number,
  seen: string,
  options?: ErrorOptions & { readonly lostFrom?: number },
): LogRejection {
  const message = `${file} is damaged at byte ${offset}: ${seen}. Nothing was changed`;
  return new LogRejection('log-damaged', file, offset, message, options);
}

/** The log of a database that is listed has one commit at least. */
export function emptyLog(directory: string): LogRejection {
  return new LogRejection(
    'log-incomplete',
    directory,
    0,
    `${directory} holds no commits, but a database of it is listed: its files are gone`,
    { lostFrom: 0 },
  );
}

export function vanished(file: string): LogRejection {
  return new LogRejection('log-trimmed', file, 0, `${file} was trimmed while it was read: try again`);
}
