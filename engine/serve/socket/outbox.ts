import type { ServerMessage } from '../contract.ts';
import { serverMessageBytes } from '../wire/server-message.ts';

interface Entry {
  readonly message: ServerMessage;
  readonly offset: number;
  readonly bytes: number;
}

/** Messages to one client in their order, each held until the commit it shows may be shown. */
export class Outbox {
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  #entries: Entry[] = [];
  #bytes = 0;

  constructor(messagesMax: number, bytesMax: number) {
    this.#messagesMax = messagesMax;
    this.#bytesMax = bytesMax;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** @returns why there is no room, or undefined when the message is queued. */
  push(message: ServerMessage, offset: number): string | undefined {
    const bytes = serverMessageBytes(message);
    if (this.#entries.length >= this.#messagesMax) return `${this.#messagesMax} messages wait to be read`;
    // One message alone may be larger than the bound: a first snapshot is as large as it is.
    if (this.#entries.length > 0 && this.#bytes + bytes > this.#bytesMax) return `${this.#bytes} bytes wait to be read`;
    this.#entries.push({ message, offset, bytes });
    this.#bytes += bytes;
    return undefined;
  }

  /**
   * Takes the messages at the front that show nothing newer than `offset`, until they have `bytesMax` bytes.
   * A message that must wait holds back every later one.
   */
  take(offset: number, bytesMax: number): ServerMessage[] {
    let count = 0;
    let bytes = 0;
    for (const entry of this.#entries) {
      if (entry.offset > offset || bytes >= bytesMax) break;
      count += 1;
      bytes += entry.bytes;
    }
    this.#bytes -= bytes;
    return this.#entries.splice(0, count).map((entry) => entry.message);
  }

  clear(): void {
    this.#entries = [];
    this.#bytes = 0;
  }
}
