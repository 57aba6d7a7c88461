import { describe, expect, test } from 'vitest';
import type { Socket } from '../net.ts';
import type { SimConnection } from './connection.ts';
import { Dice } from './dice.ts';
import { SimNet } from './net.ts';

interface Talk {
  readonly net: SimNet;
  readonly server: Socket;
  readonly connection: SimConnection;
  /** What happened at either side, in order. */
  readonly seen: string[];
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

async function talk(seed = 1): Promise<Talk> {
  const net = new SimNet(new Dice(seed));
  const seen: string[] = [];
  let server: Socket | undefined;
  await net.listen({
    fetch: () => new Response(),
    admit: async () => ({
      kind: 'accept',
      protocol: 'p',
      open: (socket) => {
        server = socket;
        socket.start({
          message: (bytes) => seen.push(`server: ${bytes}`),
          alive: () => seen.push('server: alive'),
          closed: () => seen.push('server: closed'),
        });
      },
    }),
  });
  const connection = net.dial(
    { url: '/', headers: {} },
    {
      opened: (protocol) => seen.push(`opened ${protocol}`),
      message: (bytes) => seen.push(`caller: ${bytes}`),
      closed: (reason) => seen.push(`caller: ${reason}`),
    },
  );
  await settle();
  if (!server) throw new Error('nobody answered');
  return { net, server, connection, seen };
}

function turnAll(net: SimNet): void {
  while (net.isBusy) net.turn();
}

describe('simulated network', () => {
  test('[HOST7] messages arrive in turns, in order on each side, and say when they are taken', async () => {
    const { net, server, connection, seen } = await talk();
    let takenCount = 0;
    for (const text of ['a', 'b']) connection.send(Buffer.from(text));
    server.send([Buffer.from('x'), Buffer.from('y')], () => {
      takenCount += 1;
    });
    server.ping();
    expect([seen, server.waitingBytes]).toEqual([['opened p'], 2]);
    turnAll(net);
    const of = (side: string) => seen.filter((line) => line.startsWith(side));
    expect(of('caller')).toEqual(['caller: x', 'caller: y']);
    expect(of('server')).toEqual(['server: a', 'server: b', 'server: alive']);
    expect([takenCount, server.waitingBytes]).toEqual([2, 0]);
  });

  test('[HOST7] a connection that breaks loses what is under way, and both sides notice once', async () => {
    const { net, server, connection, seen } = await talk();
    connection.send(Buffer.from('a'));
    server.send([Buffer.from('x')], () => {});
    connection.drop();
    turnAll(net);
    expect(seen.sort()).toEqual(['caller: the connection broke', 'opened p', 'server: closed']);
    expect(net.connections).toEqual([]);
  });

  test('[HOST7] a farewell comes after what was sent', async () => {
    const { net, server, connection, seen } = await talk();
    connection.send(Buffer.from('a'));
    connection.close();
    turnAll(net);
    expect(seen).toEqual(['opened p', 'server: a', 'server: closed', 'caller: the caller has left']);
    const other = await talk();
    other.server.send([Buffer.from('x')], () => {});
    other.server.close(1001, 'enough');
    turnAll(other.net);
    expect(other.seen).toEqual(['opened p', 'caller: x', 'caller: enough', 'server: closed']);
    expect(server.isPaused).toBe(false);
  });

  test('[HOST7] nothing arrives while nobody reads, and later on a slow way', async () => {
    const { net, server, connection, seen } = await talk();
    server.pause();
    connection.send(Buffer.from('a'));
    expect(net.isBusy).toBe(false);
    server.resume();
    connection.delay(3);
    for (let i = 0; i < 3; i++) net.turn();
    expect(seen).toEqual(['opened p']);
    net.turn();
    expect(seen).toEqual(['opened p', 'server: a']);
  });
});
