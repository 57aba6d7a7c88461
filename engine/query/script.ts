import type { ProductType } from '../bsatn/type.ts';
import { Writer } from '../bsatn/writer.ts';
import { assert } from '../errors.ts';
import type { TableReader, Transaction } from '../store/contract.ts';
import type { TableId } from '../store/definition.ts';
import type { LiteralOperand, Name, Select, Statement } from './ast.ts';
import type { Caller, QueryResult, Script, StatementResult } from './contract.ts';
import { encodeLiteral } from './literal.ts';
import { parseScript } from './parser.ts';
import { rightsOf } from './planner.ts';
import { naming, QueryRejection } from './rejection.ts';
import { prepareWrite, type WriteHost } from './write.ts';

/** What statements run against. */
export interface ScriptHost extends WriteHost {
  reader(table: TableId): TableReader | undefined;
  /** @param isInside whether a transaction is open that may still be rolled back */
  select(select: Select, caller: Caller, isInside: boolean): QueryResult;
  /** The most rows that a query of somebody else than the owner may return; undefined: any number. */
  rowLimit: number | undefined;
}

const noRow: ProductType = { kind: 'product', fields: [] };
const nothing: StatementResult = { table: '', row: noRow, rows: [], rowsInserted: 0, rowsDeleted: 0, rowsUpdated: 0 };

/** Reads and checks a text of statements for one caller. @throws QueryRejection */
export function prepareScript(host: ScriptHost, caller: Caller, text: string): Script {
  return naming(text, () => {
    const steps = parseScript(text).map((statement) => prepareStatement(host, caller, statement));
    return {
      isWrite: steps.some(({ isWrite }) => isWrite),
      run: (transaction) => naming(text, () => steps.map(({ run }) => run(transaction))),
    };
  });
}

interface PreparedStatement {
  readonly isWrite: boolean;
  run(transaction: Transaction | undefined): StatementResult;
}

function prepareStatement(host: ScriptHost, caller: Caller, statement: Statement): PreparedStatement {
  switch (statement.kind) {
    case 'select':
      return {
        isWrite: false,
        run: (transaction) => ({ ...nothing, ...host.select(statement, caller, transaction !== undefined) }),
      };
    case 'everything':
      throw new QueryRejection('unsupported', 'SELECT * FROM * is for subscriptions: name one table');
    case 'set': {
      requireOwner(caller, 'SET');
      const rowLimit = rowLimitIn(statement);
      return {
        isWrite: false,
        run: () => {
          host.rowLimit = rowLimit;
          return nothing;
        },
      };
    }
    case 'show':
      requireRowLimit(statement.name);
      return { isWrite: false, run: () => ({ ...nothing, ...shown(host.rowLimit) }) };
    default: {
      requireOwner(caller, statement.kind.toUpperCase());
      const { table, write } = prepareWrite(host, statement, rightsOf(caller));
      return {
        isWrite: true,
        run: (transaction) => {
          const reader = host.reader(table.stored.id);
          assert(transaction !== undefined && reader !== undefined, 'a script that writes needs a transaction');
          return { ...nothing, ...write(transaction, reader) };
        },
      };
    }
  }
}

function requireOwner({ isOwner }: Caller, what: string): void {
  if (!isOwner) throw new QueryRejection('forbidden', `${what} is for the owner of the database: log in as the owner`);
}

function requireRowLimit({ text }: Name): void {
  if (text !== 'row_limit') {
    throw new QueryRejection('unsupported', `there is no variable \`${text}\`; the only one is \`row_limit\``);
  }
}

function rowLimitIn({ name, value }: { readonly name: Name; readonly value: LiteralOperand }): number {
  requireRowLimit(name);
  const bytes = encodeLiteral(value, { kind: 'u32' }, undefined);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

function shown(rowLimit: number | undefined): QueryResult {
  const row: ProductType = { kind: 'product', fields: [{ name: 'row_limit', type: { kind: 'u64' } }] };
  if (rowLimit === undefined) return { table: '', row, rows: [] };
  const writer = new Writer(8);
  writer.u64(BigInt(rowLimit));
  return { table: '', row, rows: [writer.copy()] };
}
