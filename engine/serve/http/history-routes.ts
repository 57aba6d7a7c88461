import { Hono } from 'hono';
import { Rejection } from '../../errors.ts';
import { parseTimestamp } from '../../query/timestamp.ts';
import type { HistoryFilter, HistorySubject } from '../contract.ts';
import { identityFromHex } from '../identity/identity.ts';
import { jsonAnswer } from './answer.ts';
import { databaseOf, type Env, requireToken, type Services } from './caller.ts';

const limitDefault = 100;
const limitMax = 1000;
const subjectsMax = 16;

/** `/v1/database/:name/history`: who changed what, as far as the module lets the caller see it. */
export function historyRoutes(services: Services): Hono<Env> {
  const routes = new Hono<Env>();
  routes.get('/:name/history', async (context) => {
    const caller = await requireToken(context, services.authority);
    const database = databaseOf(context, services.databases);
    const filter = readFilter(new URL(context.req.url).searchParams);
    const { commits, next, beginsAt } = await database.history(caller, filter);
    return jsonAnswer(200, `{"commits":[${commits.join(',')}],"next":${next ?? 'null'},"begins_at":${beginsAt}}`);
  });
  return routes;
}

/** @throws Rejection `history-query` that names the parameter */
function readFilter(params: URLSearchParams): HistoryFilter {
  const read = <T>(name: string, expected: string, parse: (text: string) => T | undefined): T | undefined => {
    const text = params.get(name);
    if (text === null) return undefined;
    const value = parse(text);
    if (value === undefined) throw new Rejection('history-query', `${name} is ${text}, expected ${expected}.`);
    return value;
  };
  const time = 'a time such as 2026-01-31T12:00:00Z';
  const before = read('before', 'the offset of a commit', wholeNumber);
  const caller = read('caller', 'an Identity in 64 hex digits', identityFromHex);
  const sinceMicros = read('since', time, parseTimestamp);
  const untilMicros = read('until', time, parseTimestamp);
  const limit = read('limit', `a number from 1 to ${limitMax}`, (text) => {
    const count = wholeNumber(text);
    return count !== undefined && count >= 1 && count <= limitMax ? count : undefined;
  });
  const about = params.getAll('about').map(readSubject);
  if (about.length > subjectsMax) {
    throw new Rejection('history-query', `about is given ${about.length} times, at most ${subjectsMax} are allowed.`);
  }
  const action = params.get('action');
  const scope = params.get('scope');
  return {
    limit: limit ?? limitDefault,
    ...(before === undefined ? {} : { before }),
    ...(caller === undefined ? {} : { caller }),
    ...(sinceMicros === undefined ? {} : { sinceMicros }),
    ...(untilMicros === undefined ? {} : { untilMicros }),
    ...(action === null ? {} : { action }),
    ...(scope === null ? {} : { scope }),
    ...(about.length === 0 ? {} : { about }),
  };
}

function readSubject(text: string): HistorySubject {
  const [, table, column, value] = /^([^.:]+)\.([^.:]+):(.*)$/s.exec(text) ?? [];
  if (table === undefined || column === undefined || value === undefined) {
    throw new Rejection('history-query', `about is ${text}, expected <table>.<column>:<value>, such as task.id:12.`);
  }
  return { table, column, value };
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
