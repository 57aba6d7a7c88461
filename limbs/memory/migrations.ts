/**
 * Steps of the schema, oldest first. A store keeps the number of steps it has taken; a step that was released is never
 * changed, new ones are added at the end.
 */
export const migrations: readonly ((dimensions: number) => string)[] = [
  (dimensions) => `
    CREATE EXTENSION IF NOT EXISTS vector;

    CREATE TABLE properties (
      name text PRIMARY KEY,
      value text NOT NULL
    );

    CREATE TABLE documents (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant text NOT NULL,
      path text NOT NULL,
      title text NOT NULL,
      content_hash text NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (tenant, path)
    );

    CREATE TABLE document_chunks (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant text NOT NULL,
      document_id bigint NOT NULL REFERENCES documents ON DELETE CASCADE,
      section text NOT NULL,
      ordinal integer NOT NULL,
      content text NOT NULL,
      embedding vector(${dimensions}) NOT NULL,
      words tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', section), 'B') || setweight(to_tsvector('english', content), 'C')
      ) STORED,
      UNIQUE (document_id, ordinal)
    );

    CREATE INDEX document_chunks_embedding ON document_chunks
      USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64);
    CREATE INDEX document_chunks_words ON document_chunks USING gin (words);
  `,
];
