import { DecodeError } from '../bsatn/error.ts';
import { Reader } from '../bsatn/reader.ts';

/** Reads the fixed shapes of the module interface by hand, whose own types are not worth spelling out. */
export class RawReader extends Reader {
  /** A sum without payloads, or the tag of one: the item at that place. */
  choice<T>(items: readonly T[]): T {
    const at = this.offset;
    const tag = this.u8();
    if (tag >= items.length) {
      throw new DecodeError(`the tag at offset ${at} is ${tag}, but the sum has ${items.length} variants`, at);
    }
    return items[tag] as T;
  }

  option<T>(read: (reader: RawReader) => T): T | undefined {
    return this.choice([true, false]) ? read(this) : undefined;
  }

  array<T>(read: (reader: RawReader) => T): T[] {
    const count = this.u32();
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read(this));
    return items;
  }
}
