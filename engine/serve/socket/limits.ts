/** Bounds of every queue and buffer between a socket and a database. */
export interface Limits {
  /** One frame from a client. */
  readonly messageBytesMax: number;
  /** Messages of one client that wait to be handled. */
  readonly incomingMessagesMax: number;
  /** Messages that are handled for one database before its clients are written to, each of which tells a client one at most. */
  readonly handledMessagesMax: number;
  /** Messages to one client that wait to be sent. */
  readonly outgoingMessagesMax: number;
  /** Bytes to one client that wait to be sent. */
  readonly outgoingBytesMax: number;
  /** One batch of messages in a version 3 frame; a single larger message still goes in one frame. */
  readonly frameBytesMax: number;
  /** Bytes handed to the operating system and not yet taken by it, above which a client is sent nothing more. */
  readonly socketBytesMax: number;
  readonly pingIntervalMs: number;
  /** A client that is silent for this long is gone. */
  readonly idleMs: number;
}

export const defaultLimits: Limits = {
  messageBytesMax: 32 * 1024 * 1024,
  incomingMessagesMax: 16_384,
  handledMessagesMax: 1024,
  outgoingMessagesMax: 16_384,
  outgoingBytesMax: 128 * 1024 * 1024,
  frameBytesMax: 512 * 1024,
  socketBytesMax: 1024 * 1024,
  pingIntervalMs: 15_000,
  idleMs: 30_000,
};
