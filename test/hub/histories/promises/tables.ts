import type { TableRow } from '../../../../engine/testing/index.ts';
import type { Mesh, MeshModule } from '../../mesh.ts';
import { hold } from '../hold.ts';

type Name = Parameters<Mesh['rows']>[0];
export type Row<K extends Name> = TableRow<MeshModule, K>;

/** The tables at one moment, each read once. */
export class Tables {
  readonly #mesh: Mesh;
  readonly #known = new Map<Name, readonly unknown[]>();

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  rows<K extends Name>(name: K): readonly Row<K>[] {
    const rows = (this.#known.get(name) as readonly Row<K>[] | undefined) ?? this.#mesh.rows(name);
    this.#known.set(name, rows);
    return rows;
  }
}

export function byTask<R extends { readonly taskId: bigint }>(rows: readonly R[]): Map<bigint, R> {
  const map = new Map(rows.map((row) => [row.taskId, row]));
  hold(map.size === rows.length, 'two rows of a table are about the same task');
  return map;
}

export function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
