const stopWords = new Set(
  `a about above after again all also am an and any are as at be because been before being below between both but by can
  cannot could did do does doing down during each every few for from further get give had has have having he her here hers
  him his how i if in into is it its itself just know let like make many may me might mine more most much must my need no nor
  not of off on once one only or other our out over own please same shall she should show so some such tell than that the
  their them then there these they thing this those through to too two under until up us use used uses using very want was
  we were what when where which while who whom whose why will with without work works would you your yours explain describe
  happen happens mean means there's what's that's it's nothing something
  anything everything else`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** The words of a text that carry meaning, by their stems, each once. */
export function termsOf(text: string): Set<string> {
  const terms = new Set<string>();
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}][\p{L}\p{N}'’]*/gu)) {
    if (stopWords.has(word)) continue;
    const term = stem(word.replace(/['’]s?$/, ''));
    if (term.length > 1 || /\p{N}/u.test(term)) terms.add(term);
  }
  return terms;
}

/** Cuts the endings of English inflection, roughly: `leases`, `leased` and `leasing` become `leas`. */
export function stem(word: string): string {
  if (word.length < 4 || /\p{N}/u.test(word)) return word;
  const singular = word.replace(
    /(?:(ss|us|is)|ies|([sxz]|ch|sh)es|s)$/,
    (ending: string, kept?: string, before?: string) => (ending === 'ies' ? 'y' : (kept ?? before ?? '')),
  );
  const root = /^(.{3,}?)(?:ation|ating|ated|ing|edly|ed|ly|er|or|ment|e)$/.exec(singular)?.[1];
  if (!root || !/[aeiouyäöü]/.test(root)) return singular.replace(/y$/, 'i');
  // `stopped` and `stop`.
  return root.replace(/([bdgmnprt])\1$/, '$1').replace(/y$/, 'i');
}

/** How much each term of `question` tells apart the texts that were found: rare ones more. */
export function termWeights(question: ReadonlySet<string>, texts: readonly ReadonlySet<string>[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const term of question) {
    const holders = texts.filter((terms) => terms.has(term)).length;
    weights.set(term, Math.log(1 + (texts.length + 1) / (holders + 0.5)));
  }
  return weights;
}

/** The weight of the terms that `terms` has, as a share of all weight: 0 to 1. */
export function coverage(weights: ReadonlyMap<string, number>, terms: ReadonlySet<string>): number {
  let covered = 0;
  let all = 0;
  for (const [term, weight] of weights) {
    all += weight;
    if (terms.has(term)) covered += weight;
  }
  return all === 0 ? 0 : covered / all;
}
