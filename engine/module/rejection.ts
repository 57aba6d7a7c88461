import { Rejection } from '../errors.ts';

/** A module that may not be published. The message lists every problem found, for the publisher to read. */
export class PublishRejection extends Rejection {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const list = problems.length === 1 ? problems[0] : problems.map((problem) => `\n  - ${problem}`).join('');
    super('publish', `This module cannot be published: ${list}`);
    this.problems = problems;
  }
}
