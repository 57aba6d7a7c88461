/** A request to anybody but the hub, which is about to be sent. */
export interface OutwardRequest {
  readonly method: string;
  readonly url: URL;
  /** Its text, of which only the size and the hash are kept. Default: none; then the whole address is kept. */
  readonly body?: string;
}

/** Writes a request down before it is sent. Throws `LimbError` when it cannot: then it must not be sent. */
export type NoteRequest = (request: OutwardRequest) => void;
