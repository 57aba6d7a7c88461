/** Totals since the server started, for its metrics. */
export interface Counters {
  connectionsOpened: number;
  connectionsClosed: number;
  /** Clients that were cut off because they read too slowly. */
  clientsDropped: number;
  messagesReceived: number;
  messagesSent: number;
  framesSent: number;
  bytesSent: number;
  httpRequests: number;
  httpErrors: number;
}

export function createCounters(): Counters {
  return {
    connectionsOpened: 0,
    connectionsClosed: 0,
    clientsDropped: 0,
    messagesReceived: 0,
    messagesSent: 0,
    framesSent: 0,
    bytesSent: 0,
    httpRequests: 0,
    httpErrors: 0,
  };
}
