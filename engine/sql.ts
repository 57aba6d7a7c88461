import { jsonTupleText } from './bsatn/satsjson-write.ts';
import { productTypeText } from './bsatn/type-json.ts';
import type { Engine } from './engine.ts';
import { assert, Rejection } from './errors.ts';
import type { Script, StatementResult } from './query/contract.ts';
import type { SqlAnswer } from './serve/contract.ts';

/** Runs a text of `;`-separated statements for one caller, all of them or none. @throws Rejection */
export function runSql(engine: Engine, identity: bigint, text: string): SqlAnswer[] {
  const startedMs = performance.now();
  const results = engine.guarded(() => {
    const script = engine.queries.script(engine.callerOf(identity), text);
    return script.isWrite ? write(script) : script.run(undefined);
  });
  const totalDurationMicros = Math.round((performance.now() - startedMs) * 1000);
  return results.map((result) => answerOf(result, totalDurationMicros));

  function write(script: Script): readonly StatementResult[] {
    let results: readonly StatementResult[] | undefined;
    const ended = engine.transact(engine.origin('sql', identity), undefined, (tx) => {
      results = script.run(tx);
      return { kind: 'ok' };
    });
    if (ended.kind !== 'ok') throw new Rejection(ended.kind === 'refused' ? ended.code : 'sql', ended.message);
    assert(results, 'a script that was committed has run');
    return results;
  }
}

function answerOf(result: StatementResult, totalDurationMicros: number): SqlAnswer {
  const { row, rows, rowsInserted, rowsDeleted, rowsUpdated } = result;
  return {
    schema: productTypeText(row),
    rows: `[${rows.map((bytes) => jsonTupleText(row, bytes)).join(',')}]`,
    totalDurationMicros,
    rowsInserted,
    rowsDeleted,
    rowsUpdated,
  };
}
