import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const python = '/usr/bin/python3';

export const hasPty = existsSync(python);

/** Runs a command on a terminal of its own and passes on what is written; SIGUSR1 makes the terminal 120 by 30. */
const program = `
import fcntl, os, pty, select, signal, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
def resize(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
resize(24, 80)
signal.signal(signal.SIGUSR1, lambda *_: resize(30, 120))
inputs = [0, terminal]
while True:
    for ready in select.select(inputs, [], [])[0]:
        try:
            data = os.read(ready, 65536)
        except OSError:
            data = b''
        if ready == terminal and not data:
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        if ready == 0 and not data:
            inputs.remove(0)
        os.write(1 if ready == terminal else terminal, data)
`;

export interface OnTerminal {
  readonly child: ChildProcess;
  /** Everything that was written to the terminal. */
  output(): string;
  /** The lines of the last picture that was drawn from the top left. */
  picture(): string[];
  type(keys: string): void;
  /** Makes the terminal 120 columns wide and 30 rows high; it begins with 80 by 24. */
  grow(): void;
  readonly ended: Promise<number | null>;
}

/** Starts a command on a terminal of 80 columns and 24 rows. */
export function startOnTerminal(command: readonly string[], env: Record<string, string>): OnTerminal {
  const child = spawn(python, ['-c', program, ...command], { env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return {
    child,
    output: () => output,
    picture: () =>
      stripVTControlCharacters(output.slice(output.lastIndexOf('\x1b[H')))
        .split('\r\n')
        .map((line) => line.trimEnd()),
    type: (keys) => child.stdin.write(keys),
    grow: () => child.kill('SIGUSR1'),
    ended: new Promise((resolve) => child.once('close', resolve)),
  };
}
