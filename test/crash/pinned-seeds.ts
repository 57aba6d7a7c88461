/** Seeds of histories that once showed a bug: every run begins with them. */
export const pinnedSeeds: readonly { readonly seed: number; readonly shows: string }[] = [];
