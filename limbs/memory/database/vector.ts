/** A vector as pgvector reads it. */
export function asVector(embedding: Float32Array): string {
  return `[${embedding.join(',')}]`;
}
