import { SenderError } from 'spacetimedb/server';
import { limits } from './limits.ts';
import { utf8Bytes } from './text.ts';

const bytesMax = { input: limits.inputBytesMax, payload: limits.eventPayloadBytesMax } as const;

/**
 * Lets through only JSON that is not too large. `advice` says what to send instead.
 * @returns how many bytes it has
 */
export function requireJson(what: keyof typeof bytesMax, text: string, advice: string): number {
  const bytes = utf8Bytes(text);
  if (bytes > bytesMax[what]) {
    throw new SenderError(
      `${what}-too-large: the ${what} is ${bytes} bytes, at most ${bytesMax[what]} are allowed; send a reference to what is larger`,
    );
  }
  try {
    JSON.parse(text);
  } catch {
    throw new SenderError(`invalid-${what}: the ${what} is not JSON; ${advice}`);
  }
  return bytes;
}
