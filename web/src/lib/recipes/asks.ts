/** One input that a run, or the answer to an approval, is to have. */
export interface Ask {
  readonly name: string;
  readonly type: 'text' | 'number' | 'boolean' | 'list' | 'any';
  readonly about: string;
  readonly isRequired: boolean;
  /** JSON; empty for none. */
  readonly preset: string;
  /** The values that are allowed; empty for any. */
  readonly choices: readonly string[];
}

/** What the hub writes of them. */
export function readAsks(json: string): readonly Ask[] {
  return json === '' ? [] : (JSON.parse(json) as readonly Ask[]);
}

/** What a field begins with: texts as they are, everything else as JSON. */
export function presetOf({ type, preset }: Ask): string {
  if (preset === '') return type === 'boolean' ? 'false' : '';
  return type === 'text' ? String(JSON.parse(preset)) : preset;
}

/**
 * The inputs as JSON. What is left empty and need not be given is left out.
 * @throws InputRefused that names the first one that is not what was asked for
 */
export function inputsOf(asks: readonly Ask[], given: Readonly<Record<string, string>>): string {
  const entries = asks.flatMap((ask): [string, unknown][] => {
    const written = given[ask.name] ?? presetOf(ask);
    if (written.trim() === '' && !(ask.type === 'text' && ask.isRequired && ask.preset !== '')) {
      if (ask.isRequired && ask.preset === '') throw new InputRefused(ask.name, 'missing');
      return [];
    }
    return [[ask.name, readValue(ask, written)]];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

/** An input that cannot be sent. */
export class InputRefused extends Error {
  readonly input: string;
  readonly reason: 'missing' | 'number' | 'json';

  constructor(input: string, reason: InputRefused['reason']) {
    super(`${input}: ${reason}`);
    this.input = input;
    this.reason = reason;
  }
}

function readValue({ name, type }: Ask, written: string): unknown {
  if (type === 'text') return written;
  if (type === 'boolean') return written === 'true';
  if (type === 'number') {
    const value = Number(written);
    if (!Number.isFinite(value)) throw new InputRefused(name, 'number');
    return value;
  }
  try {
    return JSON.parse(written);
  } catch {
    if (type === 'list') return written.split('\n').map((line) => line.trim());
    throw new InputRefused(name, 'json');
  }
}
