import { Hono } from 'hono';
import { Rejection } from '../../errors.ts';
import type { Clock } from '../../host/clock.ts';
import type { Database, Databases } from '../contract.ts';
import { connectionIdToHex, identityToHex } from '../identity/identity.ts';
import { readBoolean } from '../socket/handshake.ts';
import { type Env, ownedDatabase, requireToken, type Services } from './caller.ts';

/** Between two lines there is at least this much time. */
const pauseMs = 250;
/** Of those who are connected, as many are named: the ones that came last. */
const clientsMax = 500;

/** `/v1/status`: what the caller's databases hold and who is connected to them, once or followed. */
export function statusRoutes(services: Services): Hono<Env> {
  const { databases, authority, clock } = services;
  const routes = new Hono<Env>();

  routes.get('/', async (context) => {
    const caller = await requireToken(context, authority);
    return answer(context.req.query('follow'), () => databases.ownedBy(caller.identity));
  });

  routes.get('/:name', async (context) => {
    const { identity } = await ownedDatabase(context, services, "read this database's status");
    return answer(context.req.query('follow'), () => {
      const database = databases.find(identityToHex(identity));
      return database === undefined ? [] : [database];
    });
  });

  const answer = (follow: string | undefined, select: () => readonly Database[]): Response => {
    const isFollowed = readBoolean(follow, false);
    if (isFollowed === undefined) throw new Rejection('follow', `follow is ${follow}, expected true or false.`);
    const line = () => statusLine(databases, select());
    const body = isFollowed ? followStatus({ databases, clock, select, line }) : line();
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
  };

  return routes;
}

interface Followed {
  readonly databases: Databases;
  readonly clock: Clock;
  readonly select: () => readonly Database[];
  readonly line: () => string;
}

/** One line now, and another after each change, as fast as the reader takes them: none is sent that is out of date. */
function followStatus({ databases, clock, select, line }: Followed): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let wake = () => {};
  let isChanged = true;
  let hasTold = false;
  let isStopped = false;
  const changed = () => {
    isChanged = true;
    wake();
  };
  const stopRegistry = databases.onChange(changed);
  let stops: (() => void)[] = [];
  const stop = () => {
    for (const end of stops) end();
    stops = [];
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (hasTold) await new Promise<void>((resolve) => clock.setTimer(pauseMs, resolve));
        while (!isChanged) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (isStopped) return;
        hasTold = true;
        isChanged = false;
        // Which databases there are may have changed as well.
        stop();
        stops = select().map((database) => database.onDurable(changed));
        controller.enqueue(encoder.encode(line()));
      },
      cancel() {
        isStopped = true;
        stopRegistry();
        stop();
      },
    },
    { highWaterMark: 0 },
  );
}

function statusLine(databases: Databases, selected: readonly Database[]): string {
  const list = selected.map((database) => ({
    identity: identityToHex(database.identity),
    names: databases.names(database),
    is_locked: database.isLocked,
    program: database.programHash,
    tables: database.tableSizes().map(({ table, rowCount, bytes }) => ({ name: table, rows: rowCount, bytes })),
    client_count: database.connected.length,
    clients: database.connected.slice(-clientsMax).map(({ identity, connectionId, sinceMicros }) => ({
      identity: identityToHex(identity),
      connection_id: connectionIdToHex(connectionId),
      since_micros: Number(sinceMicros),
    })),
  }));
  return `${JSON.stringify({ databases: list })}\n`;
}
