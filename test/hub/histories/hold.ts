/** A promise that was broken, in words. */
class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

/** Checks one promise; cheaper than `expect`, because there are thousands of checks in a history. */
export function hold(isKept: boolean, whatBroke: string | (() => string)): asserts isKept {
  if (!isKept) throw new BrokenPromise(typeof whatBroke === 'string' ? whatBroke : whatBroke());
}
