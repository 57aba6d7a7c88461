import type { EngineName, Limits, RunResult } from '../../engine.ts';
import type { Host } from '../host.ts';

/** A few lines of Python that must raise an error. Many of them run in one program, so they end no process of their own. */
export interface Try {
  readonly name: string;
  readonly python: (host: Host) => string;
  /** Why it says nothing about an engine. */
  readonly skip?: Partial<Record<EngineName, string>>;
}

/** A program of its own. */
export interface Attack {
  readonly name: string;
  readonly python: (host: Host) => string;
  readonly limits?: Partial<Limits>;
  readonly skip?: Partial<Record<EngineName, string>>;
  /** What must be so afterwards, beside a host that noticed nothing. */
  readonly isHeld: (result: RunResult) => boolean;
}

/** WebAssembly has one process and no kernel of its own. */
export const noKernel = {
  pyodide: 'WebAssembly has one process, and its system calls are functions of its own',
} as const;

/** A value as Python writes it. */
export const text = JSON.stringify;

const attackPrelude = `
import os, sys

def attempt(number, act):
    try:
        got = act()
    except BaseException as error:
        print('refused', number, type(error).__name__, flush=True)
    else:
        print('ESCAPED', number, repr(got)[:300], flush=True)

# Raises only if the kernel refuses the call itself, whatever it is called with.
def syscall(x64, arm64, *args):
    import ctypes, platform
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(arm64 if platform.machine() == 'aarch64' else x64, *args)
    error = ctypes.get_errno()
    if got == -1 and error in (1, 38):
        raise PermissionError(error, 'refused')
    return got, error
`;

/** A program that makes all tries, one after the other, and says of each how it went. */
export function programOf(tries: readonly Try[], host: Host): string {
  const functions = tries.map(({ python }, number) => {
    const lines = python(host).trim().split('\n');
    return `def try${number}():\n${lines.map((line) => `    ${line}\n`).join('')}attempt(${number}, try${number})\n`;
  });
  return `${attackPrelude}\n${functions.join('\n')}\nprint('end')\n`;
}
