import type { JsonText, SqlAnswer } from './contract.ts';

/** The answers of statements as one JSON array. */
export function sqlJson(answers: readonly SqlAnswer[]): JsonText {
  return `[${answers.map(answerJson).join(',')}]`;
}

function answerJson(answer: SqlAnswer): JsonText {
  const { rowsInserted, rowsDeleted, rowsUpdated } = answer;
  const stats = JSON.stringify({
    rows_inserted: rowsInserted,
    rows_deleted: rowsDeleted,
    rows_updated: rowsUpdated,
  });
  const duration = Math.round(answer.totalDurationMicros);
  return `{"schema":${answer.schema},"rows":${answer.rows},"total_duration_micros":${duration},"stats":${stats}}`;
}
