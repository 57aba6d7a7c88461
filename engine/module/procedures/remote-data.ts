import type { DataCalls } from '../syscalls.ts';
import type { RangeArgs } from '../tables.ts';
import type { Channel } from './channel.ts';

/** The datastore of the host, reached from a procedure's thread. */
export class RemoteData implements DataCalls {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  tableId(name: string): number {
    return this.#channel.call('tableId', name);
  }

  indexId(name: string): number {
    return this.#channel.call('indexId', name);
  }

  rowCount(table: number): number {
    return this.#channel.call('rowCount', table);
  }

  scan(table: number): number {
    return this.#channel.call('scan', table);
  }

  point(index: number, key: Uint8Array): number {
    return this.#channel.call('point', index, key);
  }

  range(index: number, args: RangeArgs): number {
    return this.#channel.call('range', index, args);
  }

  advance(iterator: number, target: Uint8Array): number {
    const [length, bytes] = this.#channel.call('rows', iterator, target.length);
    target.set(bytes);
    return length;
  }

  close(iterator: number): void {
    this.#channel.call('close', iterator);
  }

  insert(table: number, row: Uint8Array): Uint8Array {
    return this.#channel.call('insert', table, row);
  }

  update(table: number, index: number, row: Uint8Array): Uint8Array {
    return this.#channel.call('update', table, index, row);
  }

  deletePoint(index: number, key: Uint8Array): number {
    return this.#channel.call('deletePoint', index, key);
  }

  deleteRange(index: number, args: RangeArgs): number {
    return this.#channel.call('deleteRange', index, args);
  }

  deleteAllEqual(table: number, relation: Uint8Array): number {
    return this.#channel.call('deleteAllEqual', table, relation);
  }

  clear(table: number): number {
    return this.#channel.call('clear', table);
  }
}
