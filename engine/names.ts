import { Reader } from './bsatn/reader.ts';
import { Writer } from './bsatn/writer.ts';
import { assert } from './errors.ts';
import type { IdAssignment } from './module/catalog.ts';
import type { ModuleDef } from './module/definition.ts';
import type { IndexId, TableId } from './store/definition.ts';
import { firstUserId } from './system.ts';

type Kind = 'table' | 'index';

const kindTags: readonly Kind[] = ['table', 'index'];

interface Name {
  readonly kind: Kind;
  readonly name: string;
  readonly id: number;
}

/** The numbers of a database's tables and indexes. A number, once given, is never given to anything else. */
export class Names implements IdAssignment {
  readonly #ids = new Map<string, Name>();
  #nextId = firstUserId;

  tableId(tableName: string): TableId {
    return this.#id('table', tableName) as TableId;
  }

  indexId(indexName: string): IndexId {
    return this.#id('index', indexName) as IndexId;
  }

  /** Reads a row of the system's table of names. */
  load(row: Uint8Array): void {
    const reader = new Reader(row);
    const tag = reader.u8();
    const kind = kindTags[tag];
    assert(kind, `a row of names has the kind ${tag}, expected one below ${kindTags.length}`);
    this.#set({ kind, name: reader.string(), id: reader.u32() });
  }

  /** Gives numbers to whatever of a definition has none, and returns the rows to keep. */
  assign(def: ModuleDef): Uint8Array[] {
    const added: Name[] = [];
    const give = (kind: Kind, name: string) => {
      if (this.#ids.has(`${kind} ${name}`)) return;
      const entry = { kind, name, id: this.#nextId };
      this.#set(entry);
      added.push(entry);
    };
    for (const table of def.tables) {
      give('table', table.name);
      for (const index of table.indexes) give('index', index.name);
    }
    return added.map(encode);
  }

  /** Lets a table keep its number under another name, and returns the row to keep. */
  rename(from: string, to: string): Uint8Array {
    const entry: Name = { kind: 'table', name: to, id: this.tableId(from) };
    this.#set(entry);
    return encode(entry);
  }

  #id(kind: Kind, name: string): number {
    const entry = this.#ids.get(`${kind} ${name}`);
    assert(entry, `the ${kind} ${name} has no number`);
    return entry.id;
  }

  #set(entry: Name): void {
    for (const [key, other] of this.#ids) if (other.id === entry.id) this.#ids.delete(key);
    this.#ids.set(`${entry.kind} ${entry.name}`, entry);
    this.#nextId = Math.max(this.#nextId, entry.id + 1);
  }
}

function encode(entry: Name): Uint8Array {
  const writer = new Writer();
  writer.u8(kindTags.indexOf(entry.kind));
  writer.string(entry.name);
  writer.u32(entry.id);
  return writer.copy();
}
