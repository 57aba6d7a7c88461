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

  constructor(code: QueryRejectionCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
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
    throw new QueryRejection(error.code, `${error.message}, executing: \`${shown}\``, { cause: error });
  }
}
