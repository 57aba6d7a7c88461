/** Up to which commit a past state goes: the last one with this offset, or none after this time. */
export type Moment =
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'time'; readonly micros: bigint };

/**
 * The time that a text such as 2026-01-31T12:00:00Z names; undefined when it is none. A commit that is shown with the
 * same milliseconds is not after it.
 */
export function timeMoment(text: string): Moment | undefined {
  const match = isoTime.exec(text);
  const ms = Date.parse(text);
  if (match === null || Number.isNaN(ms)) return undefined;
  return { kind: 'time', micros: BigInt(ms) * 1000n + BigInt((match[1] ?? '').padEnd(3, '9')) };
}

/** A moment for people. */
export function describeMoment(moment: Moment): string {
  return moment.kind === 'offset' ? `commit ${moment.offset}` : isoTimeOf(moment.micros);
}

/** A time as `timeMoment` reads it, in milliseconds. */
export function isoTimeOf(micros: bigint): string {
  return new Date(Number(micros / 1000n)).toISOString();
}

/** With a zone: whoever leaves it out may mean the own or that of the log. Captures what is finer than a millisecond. */
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3}(\d{0,3})\d*)?)?(?:Z|[+-]\d\d:\d\d)$/;
