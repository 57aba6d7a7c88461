/** A name that may be connected to, and where. */
export interface NamedHost {
  readonly hostname: string;
  /** Empty: the usual port of its protocol. */
  readonly port: string;
}

/** `wiki.example.com`, `127.0.0.1:8080`, `[::1]:8080`. */
export const hostPattern = /^(\[[0-9A-Fa-f:.]+\]|[^\s:/@?#[\]*]+)(?::([1-9]\d{0,4}))?$/;

/** A text of that pattern, as addresses write it. */
export function namedHost(written: string): NamedHost {
  const [, host = '', port = ''] = hostPattern.exec(written) ?? [];
  return { hostname: new URL(`http://${host}`).hostname, port };
}
