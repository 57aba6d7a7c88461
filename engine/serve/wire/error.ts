/** A frame that does not decode. Its message is sent to the client as the reason for closing. */
export class WireError extends Error {
  override readonly name = 'WireError';
}
