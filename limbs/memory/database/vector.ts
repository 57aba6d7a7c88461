/** PostgreSQL's number of the type `real`. */
const realType = 700;

/**
 * Vectors one after the other as one `real[]`, in the form in which servers send it: of what storing a chunk takes, reading
 * its vector from text would be most.
 */
export function asReals(vectors: readonly Float32Array[]): Buffer {
  const count = vectors.reduce((sum, vector) => sum + vector.length, 0);
  const bytes = Buffer.alloc(20 + 8 * count);
  // One dimension without nulls, of so many elements, counted from 1; each element with its length before it.
  let at = 0;
  for (const head of [1, 0, realType, count, 1]) at = bytes.writeInt32BE(head, at);
  for (const vector of vectors) {
    for (const value of vector) at = bytes.writeFloatBE(value, bytes.writeInt32BE(4, at));
  }
  return bytes;
}
