/** `did you mean …?` for a word that is close to one of those that are known; otherwise the known ones, when they are few. */
export function didYouMean(word: string, known: readonly string[]): string {
  const closest = closestOf(word, known);
  if (closest !== undefined) return `did you mean ${closest}?`;
  return known.length > 0 && known.length <= 24 ? `known are: ${known.join(', ')}` : '';
}

function closestOf(word: string, known: readonly string[]): string | undefined {
  const asked = word.slice(0, 64).toLowerCase();
  let closest: string | undefined;
  let least = Math.max(1, Math.floor(asked.length / 3)) + 1;
  for (const candidate of known) {
    const distance = distanceOf(asked, candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      closest = candidate;
    }
  }
  return closest;
}

/** How many letters have to be put in, taken out, replaced or exchanged with their neighbour. */
function distanceOf(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
