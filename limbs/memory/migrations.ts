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

  // A text that stands in several documents, or stays when its document changes, is one chunk with one vector; passages
  // say where it stands.
  (dimensions) => `
    ALTER TABLE documents
      ADD labels text[] NOT NULL DEFAULT '{}',
      ADD byte_count bigint NOT NULL DEFAULT 0;

    CREATE TABLE chunks (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant text NOT NULL,
      hash text NOT NULL,
      section text NOT NULL,
      content text NOT NULL,
      embedding vector(${dimensions}) NOT NULL,
      words tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', section), 'B') || setweight(to_tsvector('english', content), 'C')
      ) STORED,
      UNIQUE (tenant, hash)
    );

    CREATE TABLE passages (
      document_id bigint NOT NULL REFERENCES documents ON DELETE CASCADE,
      ordinal integer NOT NULL,
      chunk_id bigint NOT NULL REFERENCES chunks,
      PRIMARY KEY (document_id, ordinal)
    );

    CREATE TEMPORARY TABLE hashed ON COMMIT DROP AS
      SELECT part.*, encode(sha256(convert_to(
        (CASE part.section WHEN '' THEN document.title ELSE part.section END) || E'\\n' || part.content, 'UTF8'
      )), 'hex') AS hash
      FROM document_chunks AS part JOIN documents AS document ON document.id = part.document_id;
    INSERT INTO chunks (tenant, hash, section, content, embedding)
      SELECT DISTINCT ON (tenant, hash) tenant, hash, section, content, embedding FROM hashed ORDER BY tenant, hash, id;
    INSERT INTO passages (document_id, ordinal, chunk_id)
      SELECT hashed.document_id, hashed.ordinal, chunks.id FROM hashed JOIN chunks USING (tenant, hash);
    UPDATE documents SET byte_count = coalesce((
      SELECT sum(octet_length(content)) FROM document_chunks WHERE document_id = documents.id
    ), 0);
    DROP TABLE document_chunks;

    CREATE INDEX passages_chunk ON passages (chunk_id);
    CREATE INDEX documents_labels ON documents USING gin (labels);
    CREATE INDEX chunks_embedding ON chunks
      USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64);
    CREATE INDEX chunks_words ON chunks USING gin (words);

    -- How many chunks of a tenant have a word, as it was when they were counted last.
    CREATE TABLE lexemes (
      tenant text NOT NULL,
      lexeme text NOT NULL,
      chunk_count integer NOT NULL,
      PRIMARY KEY (tenant, lexeme)
    );
    CREATE TABLE counted (
      tenant text PRIMARY KEY,
      chunk_count integer NOT NULL
    );
  `,

  // The index of vectors is made when there are enough chunks for one. Chunks that went leave something behind in it.
  () => `
    DO $$ BEGIN
      IF (SELECT count(*) FROM chunks) <= 2000 THEN
        DROP INDEX chunks_embedding;
      END IF;
    END $$;
    ALTER TABLE counted ADD dropped_count integer NOT NULL DEFAULT 0;
  `,
];
