/** What is wrong with a text, and where; line and column from 1. */
export interface TextProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to do about it; empty for nothing. */
  readonly hint: string;
}
