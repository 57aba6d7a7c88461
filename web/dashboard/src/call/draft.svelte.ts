import { hexOf } from '../sats/json.ts';
import { optionOf, specialOf } from '../sats/special.ts';
import { timestampText } from '../sats/text.ts';
import type { Field, Type, Value, Variant } from '../sats/type.ts';
import { plainVariant } from './template.ts';
import { isWritten, readWritten } from './written.ts';

/** A value while somebody is filling it in. */
export class Draft {
  readonly type: Type;
  /** What is written, for everything that is written. */
  text = $state('');
  /** For a bool its value, for an option whether there is something. */
  isOn = $state(false);
  /** The number of the chosen variant. */
  tag = $state(0);
  /** Fields, items, or the one payload. */
  parts: Draft[] = $state([]);
  /** What keeps this from being a value; empty when nothing does, or nobody has looked yet. */
  error = $state('');

  constructor(type: Type, value?: Value) {
    this.type = type;
    if (value !== undefined) this.#take(value);
    else this.#begin();
  }

  /** Chooses a variant, with an empty payload. */
  choose(tag: number): void {
    const { type } = this;
    if (type.kind !== 'sum') return;
    this.tag = tag;
    const variant = type.variants[tag];
    this.parts = variant === undefined ? [] : [new Draft(variant.type)];
  }

  /** Whether an option has something. */
  set(isOn: boolean): void {
    this.isOn = isOn;
    const option = optionOf(this.type);
    if (option !== undefined && isOn && this.parts.length === 0) this.parts = [new Draft(option)];
  }

  add(): void {
    if (this.type.kind === 'array') this.parts.push(new Draft(this.type.of));
  }

  remove(at: number): void {
    this.parts.splice(at, 1);
  }

  /** The value, or undefined when something does not fit: each such part then has its `error`. */
  read(): Value | undefined {
    this.error = '';
    const { type } = this;
    if (optionOf(type) !== undefined) {
      if (!this.isOn) return { tag: 1, value: [] };
      const some = this.parts[0]?.read();
      return some === undefined ? undefined : { tag: 0, value: some };
    }
    if (isWritten(type)) return this.#readText();
    switch (type.kind) {
      case 'product':
      case 'array':
        return this.#readParts();
      case 'sum': {
        const payload = this.parts[0]?.read();
        return payload === undefined ? undefined : { tag: this.tag, value: payload };
      }
      default:
        return this.isOn;
    }
  }

  /** Every part is read, so that all that is wrong is shown at once. */
  #readParts(): Value | undefined {
    const values = this.parts.map((part) => part.read());
    return values.every((value) => value !== undefined) ? values : undefined;
  }

  #readText(): Value | undefined {
    try {
      return readWritten(this.type, this.text);
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  }

  #begin(): void {
    const { type } = this;
    if (isWritten(type) || optionOf(type) !== undefined) return;
    if (type.kind === 'product') this.parts = type.fields.map((field) => new Draft(field.type));
    if (type.kind === 'sum') this.choose(plainVariant(type));
  }

  #take(value: Value): void {
    const { type } = this;
    const option = optionOf(type);
    if (specialOf(type) !== undefined) this.text = specialText(type, (value as readonly bigint[])[0] ?? 0n);
    else if (option !== undefined) {
      const { tag, value: some } = value as Variant;
      this.isOn = tag === 0;
      if (this.isOn) this.parts = [new Draft(option, some)];
    } else if (value instanceof Uint8Array) this.text = hexOf(value);
    else if (type.kind === 'product') {
      this.parts = type.fields.map((field, at) => new Draft(field.type, (value as readonly Value[])[at]));
    } else if (type.kind === 'array') {
      this.parts = (value as readonly Value[]).map((item) => new Draft(type.of, item));
    } else if (type.kind === 'sum') {
      const { tag, value: payload } = value as Variant;
      this.tag = tag;
      this.parts = [new Draft((type.variants[tag] as Field).type, payload)];
    } else if (type.kind === 'bool') this.isOn = value as boolean;
    else this.text = String(value);
  }
}

function specialText(type: Type, value: bigint): string {
  switch (specialOf(type)) {
    case 'timestamp': {
      const text = timestampText(value);
      // Years of more than four digits are written as a number.
      return /^\d{4}-/.test(text) ? text : String(value);
    }
    case 'time-duration':
      return String(value);
    case 'identity':
      return value.toString(16).padStart(64, '0');
    default:
      return value.toString(16).padStart(32, '0');
  }
}
