import type { Counters } from '../socket/counters.ts';

const helpOf: { readonly [name in keyof Counters]: string } = {
  connectionsOpened: 'WebSocket connections opened',
  connectionsClosed: 'WebSocket connections closed',
  clientsDropped: 'Clients cut off because they read too slowly',
  messagesReceived: 'Messages received from clients',
  messagesSent: 'Messages sent to clients',
  framesSent: 'WebSocket frames sent to clients',
  bytesSent: 'Bytes of WebSocket frames sent to clients',
  httpRequests: 'HTTP requests',
  httpErrors: 'HTTP requests answered with status 400 or above',
};

/** The transport's totals in Prometheus' text format. */
export function metricsText(counters: Counters): string {
  return (Object.keys(helpOf) as (keyof Counters)[])
    .map((name) => {
      const metric = `helix_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`;
      return `# HELP ${metric} ${helpOf[name]}\n# TYPE ${metric} counter\n${metric} ${counters[name]}\n`;
    })
    .join('');
}
