import { LimbError } from '../errors.ts';
import { codeBytesMax, defaultLimits, type Limits, type RunRequest, stdinBytesMax } from './engine.ts';

const mib = 1024 * 1024;

/** Outside of these a limit would break Python's own start or Node's timers and buffers. */
const limitBounds: Record<keyof Limits, readonly [min: number, max: number]> = {
  timeMs: [1, 3_600_000],
  memoryBytes: [64 * mib, 16_384 * mib],
  outputBytesMax: [0, 64 * mib],
  processesMax: [1, 1024],
  scratchBytes: [4096, 16_384 * mib],
};

/** The limits of a request with defaults filled in; throws `LimbError` for a request no engine would take. */
export function limitsOf(request: RunRequest): Limits {
  refuseLongerThan('code', request.code, codeBytesMax);
  refuseLongerThan('stdin', request.stdin ?? '', stdinBytesMax);
  const limits = { ...defaultLimits, ...request.limits };
  for (const [name, [min, max]] of Object.entries(limitBounds)) {
    const value = limits[name as keyof Limits];
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    throw new LimbError('invalid-request', `${name} is ${value}: give a whole number from ${min} to ${max}.`);
  }
  return limits;
}

/** Whether they are those that a sandbox is made ready with before it is asked for. */
export function isDefault(limits: Limits): boolean {
  return Object.entries(defaultLimits).every(([name, value]) => limits[name as keyof Limits] === value);
}

function refuseLongerThan(name: string, text: string, bytesMax: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= bytesMax) return;
  throw new LimbError('invalid-request', `${name} has ${bytes} bytes: at most ${bytesMax} are taken. Send less.`);
}
