import { Hono } from 'hono';
import { Rejection } from '../../errors.ts';
import type { Database, LogRecord } from '../contract.ts';
import { readBoolean } from '../socket/handshake.ts';
import { type Env, ownedDatabase, type Services } from './caller.ts';

/** A follower that lets this much pile up is cut off. */
const followerBytesMax = 4 * 1024 * 1024;

/** `/v1/database/:name/logs`: newline-delimited JSON, for the owner. */
export function logRoutes(services: Services): Hono<Env> {
  const routes = new Hono<Env>();
  routes.get('/:name/logs', async (context) => {
    const database = await ownedDatabase(context, services, "read this database's log");
    const lineCount = readCount(context.req.query('num_lines'));
    const follow = readBoolean(context.req.query('follow'), false);
    if (follow === undefined) {
      throw new Rejection('follow', `follow is ${context.req.query('follow')}, expected true or false.`);
    }
    const lines = database.logs(lineCount).map(line).join('');
    const headers = { 'content-type': 'application/x-ndjson' };
    if (!follow) return context.body(lines, 200, headers);
    return context.body(followLog(database, lines), 200, headers);
  });
  return routes;
}

function followLog(database: Database, first: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let stop = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (first !== '') controller.enqueue(encoder.encode(first));
        stop = database.followLogs((record) => {
          controller.enqueue(encoder.encode(line(record)));
          if ((controller.desiredSize ?? 0) >= -followerBytesMax) return;
          stop();
          controller.error(new Error('the reader of the log is too slow'));
        });
      },
      cancel() {
        stop();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
}

function line(record: LogRecord): string {
  const { level, ts, filename, lineNumber, message } = record;
  const fields = { level, ts: Number(ts), filename, line_number: lineNumber, function: record.function, message };
  return `${JSON.stringify(fields)}\n`;
}

function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Rejection('num_lines', `num_lines is ${text}, expected a whole number.`);
}
