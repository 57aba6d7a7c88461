/** What a line of a program's output tells. */
export type Sign =
  | { readonly kind: 'address'; readonly address: string }
  /** `isFinal`: starting it again does not help before somebody has done what the message says. */
  | { readonly kind: 'problem'; readonly message: string; readonly isFinal: boolean };

/** How to start a tunnel's program, and how to read what it prints. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Taken out of everything that is kept of its output. */
  readonly secrets?: readonly string[];
  /** Where it is reached, when that is known before. */
  readonly address?: string;
  /** Reads one line of its output. */
  readonly read: (line: string) => Sign | undefined;
}

/** A kind of tunnel, set up. */
export interface Provider {
  readonly kind: string;
  /** Leads what comes from outside to a port of 127.0.0.1. @throws TunnelError when something is missing here. */
  launch(port: number): Promise<Launch>;
}

/** A pattern of a program's output, and what it means. */
export interface Known {
  readonly pattern: RegExp;
  readonly message: string | ((match: RegExpExecArray) => string);
  readonly isFinal?: boolean;
}

/** The first of the known problems that a line tells of. */
export function problemIn(line: string, known: readonly Known[]): Sign | undefined {
  for (const { pattern, message, isFinal = false } of known) {
    const match = pattern.exec(line);
    if (match) return { kind: 'problem', message: typeof message === 'string' ? message : message(match), isFinal };
  }
  return undefined;
}
