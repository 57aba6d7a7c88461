import { SenderError } from 'spacetimedb';
import { LimbError } from '../errors.ts';
import type { Link } from './connection.ts';

/**
 * Makes the connected identity a limb of the tenant of a pairing code. One that is a limb already needs none: a code is
 * then for a further tenant, and one that was used before is no error. Throws `LimbError` when it is no limb after that.
 */
export async function enrol(link: Link, name: string, pairCode: string | undefined): Promise<void> {
  if (!pairCode) {
    if (isEnrolled(link)) return;
    throw new LimbError(
      'not-paired',
      'This limb belongs to no hub yet. Make a pairing code on the hub and start the limb with --pair <code>, or with it in HELIX_PAIR_CODE.',
    );
  }
  try {
    await orEnded(link, link.connection.reducers.redeemInvite({ code: pairCode, name }));
  } catch (error) {
    if (!(error instanceof SenderError)) throw error;
    if (isEnrolled(link)) return;
    throw new LimbError('not-paired', `The hub did not take the pairing code: ${error.message}`);
  }
}

function isEnrolled(link: Link): boolean {
  return link.connection.db.self.count() > 0n;
}

/** Settles like `work`, or rejects when the connection ends before: its calls are then never answered. */
export function orEnded<T>(link: Link, work: Promise<T>): Promise<T> {
  const ended = link.ended.then(() => {
    throw new LimbError('disconnected', 'The connection to the hub ended.', { isRetryable: true });
  });
  return Promise.race([work, ended]);
}
