/** Rows of a tenant that are numbered without gaps, of which the newest are kept. */
export interface Ring {
  readonly tenantId: bigint;
  /** Those with places from `head` up to, but not including, `tail` are there. */
  readonly head: bigint;
  readonly tail: bigint;
}

interface Rings {
  readonly tenantId: { find(tenantId: bigint): Ring | null; update(ring: Ring): unknown };
  insert(ring: Ring): unknown;
}

/** Takes the next place of a tenant's ring; when it is full, the row with the place that `drop` is called with has to go. */
export function nextPlace(rings: Rings, tenantId: bigint, rowsMax: number, drop: (place: bigint) => void): bigint {
  const known = rings.tenantId.find(tenantId);
  const { head, tail } = known ?? { head: 1n, tail: 1n };
  const isFull = tail - head >= BigInt(rowsMax);
  if (isFull) drop(head);
  const ring = { tenantId, head: isFull ? head + 1n : head, tail: tail + 1n };
  if (known) rings.tenantId.update(ring);
  else rings.insert(ring);
  return tail;
}
