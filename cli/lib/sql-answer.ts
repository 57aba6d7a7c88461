import { z } from 'zod';
import { parseJson } from '../../engine/bsatn/satsjson-read.ts';

// The rows of SQL come by position, with the type of the row in JSON beside them. Integers of more than 15 digits are
// strings of digits here, so that no digit is lost.

/** A type as `/sql` writes it: one key, its kind. */
export type ColumnType = { readonly [kind: string]: unknown };

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

export interface SqlResult {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly unknown[])[];
  readonly rowsChanged: { readonly inserted: number; readonly deleted: number; readonly updated: number };
}

const option = z.union([z.object({ some: z.string() }).transform(({ some }) => some), z.unknown().transform(() => '')]);
const element = z.object({ name: option, algebraic_type: z.record(z.string(), z.unknown()) });
const elements = z.array(element);
const answer = z.array(
  z.object({
    schema: z.object({ elements }),
    rows: z.array(z.array(z.unknown())),
    stats: z.object({ rows_inserted: z.number(), rows_deleted: z.number(), rows_updated: z.number() }),
  }),
);

/** Reads what `/sql` answered, one result for each statement. */
export function readSqlAnswer(text: string): SqlResult[] {
  return answer.parse(parseJson(text)).map(({ schema, rows, stats }) => ({
    columns: fieldsOf(schema.elements),
    rows,
    rowsChanged: { inserted: stats.rows_inserted, deleted: stats.rows_deleted, updated: stats.rows_updated },
  }));
}

/** The fields of a product or the variants of a sum, with their names. */
export function partsOf(type: ColumnType): Column[] | undefined {
  const parsed = z
    .union([
      z.object({ Product: z.object({ elements }) }).transform(({ Product }) => Product.elements),
      z.object({ Sum: z.object({ variants: elements }) }).transform(({ Sum }) => Sum.variants),
    ])
    .safeParse(type);
  return parsed.success ? fieldsOf(parsed.data) : undefined;
}

function fieldsOf(list: z.infer<typeof elements>): Column[] {
  return list.map(({ name, algebraic_type }) => ({ name, type: algebraic_type }));
}
