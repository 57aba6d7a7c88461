import type { Amounts } from '../../spending.ts';
import type { Price } from '../config/config.ts';
import type { TurnRequest } from '../language-model.ts';

export interface Usage {
  readonly tokensIn: number;
  readonly tokensOut: number;
}

/** A usual token of a text in English has so many bytes. */
export const bytesPerToken = 4;

export function costOf(price: Price, { tokensIn, tokensOut }: Usage): number {
  return price.inMicros * tokensIn + price.outMicros * tokensOut;
}

export function amountsOf(price: Price, usage: Usage, durationMs: number): Amounts {
  return { tokens: usage.tokensIn + usage.tokensOut, micros: costOf(price, usage), seconds: durationMs / 1000 };
}

/** The most that a request can use: no model makes more tokens of a text than it has bytes. */
export function mostOf(request: TurnRequest): Usage {
  return { tokensIn: bytesIn(request), tokensOut: request.tokensOutMax };
}

/** What a request has probably used where the server does not say. */
export function estimateOf(request: TurnRequest, answerBytes: number): Usage {
  return {
    tokensIn: Math.ceil(bytesIn(request) / bytesPerToken),
    tokensOut: Math.min(Math.ceil(answerBytes / bytesPerToken), request.tokensOutMax),
  };
}

function bytesIn({ messages, tools, output }: TurnRequest): number {
  return Buffer.byteLength(JSON.stringify([messages, tools, output?.schema]));
}
