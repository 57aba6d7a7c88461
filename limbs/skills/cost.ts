import type { Amounts } from '../spending.ts';
import type { SummaryParts } from '../summary.ts';

/** What a summary says of the vectors that were made for it, which take tokens in alone. */
export function costOfVectors({ tokens, micros }: Amounts): Pick<SummaryParts, 'tokensIn' | 'costMicros'> {
  return { tokensIn: tokens, costMicros: BigInt(Math.ceil(micros)) };
}
