/** What keeps a command from doing its work, as one sentence that says what to do about it. */
export class Failure extends Error {
  override readonly name = 'Failure';
}
