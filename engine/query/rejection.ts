import { Rejection } from '../errors.ts';

/** What is wrong with a query; the code is stable. */
type QueryRejectionCode =
  | 'syntax'
  | 'too-large'
  | 'no-such-table'
  | 'no-such-column'
  | 'type'
  | 'unsupported'
  | 'forbidden'
  | 'view'
  | 'row-limit'
  | 'no-such-query-set'
  | 'duplicate-query-set';

/** A query that cannot be answered, with the message that the client is to see. */
export class QueryRejection extends Rejection {
  declare readonly code: QueryRejectionCode;
  /** What stands behind a message whose text clients match; `naming` puts it last. */
  readonly detail: string | undefined;

  constructor(code: QueryRejectionCode, message: string, options?: ErrorOptions & { readonly detail?: string }) {
    super(code, message, options);
    this.detail = options?.detail;
  }
}

const shownCharsMax = 1000;

/** Runs `work` and names `sql` at the end of the message of a QueryRejection that it throws. */
export function naming<T>(sql: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof QueryRejection)) throw error;
    const shown = sql.length > shownCharsMax ? `${sql.slice(0, shownCharsMax)}…` : sql;
    const detail = error.detail === undefined ? '' : ` (${error.detail})`;
    throw new QueryRejection(error.code, `${error.message}, executing: \`${shown}\`${detail}`, { cause: error });
  }
}
