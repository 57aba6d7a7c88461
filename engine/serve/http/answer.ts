import { Rejection } from '../../errors.ts';
import type { StatusCode } from '../contract.ts';

/** A status that HTTP has no name for: the module's function failed, the host did not. */
const functionFailed = 530;

const statusOfCode: { readonly [code in StatusCode | OwnCode]: number } = {
  token: 401,
  'permission-denied': 401,
  'connect-refused': 403,
  'history-hidden': 403,
  'not-owner': 403,
  'no-such-database': 404,
  'no-such-function': 404,
  locked: 409,
  'too-large': 413,
  'content-type': 415,
  busy: 503,
  'disk-full': 507,
  'memory-full': 507,
  closed: 503,
  'reducer-rejected': functionFailed,
  'reducer-failed': functionFailed,
  'time-limit': functionFailed,
};

/** Codes of the transport's own rejections. */
type OwnCode = 'token' | 'not-owner' | 'too-large' | 'content-type';

/** The status for a rejection: 400 unless its code has one of its own. */
export function statusOf(rejection: Rejection): number {
  return Object.hasOwn(statusOfCode, rejection.code) ? statusOfCode[rejection.code as OwnCode] : 400;
}

export function textAnswer(status: number, message: string): Response {
  return new Response(message, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

/** JSON that is text already. */
export function jsonAnswer(status: number, json: string): Response {
  return new Response(json, { status, headers: { 'content-type': 'application/json' } });
}

export function emptyAnswer(status: number): Response {
  return new Response(null, { status });
}

/** Turns what a handler threw into an answer; what is no rejection is reported and not shown. */
export function errorAnswer(error: unknown, report: (error: unknown) => void): Response {
  if (error instanceof Rejection) return textAnswer(statusOf(error), error.message);
  report(error);
  return textAnswer(500, 'The server failed to answer. Its log says why.');
}
