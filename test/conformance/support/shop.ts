import { bundleOf, type TestHost } from './host.ts';

/** What differs between the versions of a shop's module. */
export interface Version {
  /** Columns of the table `product`. */
  readonly columns?: string;
  readonly options?: string;
  /** More tables, as entries of the schema. */
  readonly tables?: string;
  /** Further exports. */
  readonly more?: string;
}

export const columnsDefault = `id: t.u64().primaryKey().autoInc(), name: t.string(), price: t.u32()`;

/** The source of a module with products. */
export const source = ({
  columns = columnsDefault,
  options = 'public: true',
  tables = '',
  more = '',
}: Version = {}): string => `
const Colour = t.enum('Colour', ['Red', 'Green']);
const Wider = t.enum('Colour', ['Red', 'Green', 'Blue']);
const Narrower = t.enum('Colour', ['Red']);
const Renamed = t.enum('Colour', ['Red', 'Verde']);
const product = table({ name: 'product', ${options} }, { ${columns} });
const s = schema({ product, ${tables} });
export default s;
${more}`;

export const add = `export const add = s.reducer({ name: t.string(), price: t.u32() }, (ctx, { name, price }) => {
  ctx.db.product.insert({ id: 0n, name, price });
});`;

let shops = 0;

export function freshName(): string {
  shops += 1;
  return `shop-${shops}`;
}

export async function publishTo(host: TestHost, name: string, version: Version, query = '') {
  return host.tryPublish(name, await bundleOf(source(version)), query);
}
