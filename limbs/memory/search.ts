/**
 * $1 tenant, $2 the query's vector, $3 the query's text, $4 how many.
 *
 * Vectors find what is said in other words; words find names and rare terms that a small model does not know. The best of
 * either way become candidates. A candidate's score is the cosine (-1 to 1) plus its share (0 to 1) of the best BM25 that
 * the query's words could give (k1 = 1.2, b = 0.75; a heading's word counts three times; a usual part has about 60
 * different words): a part that has the rare words of the query wins, and without any such part meaning alone decides.
 */
export const searchSql = `
  WITH asked AS (
    SELECT lexeme, ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery AS query
    FROM unnest(to_tsvector('english', $3))
  ),
  total AS (
    SELECT count(*)::float8 AS chunks FROM document_chunks WHERE tenant = $1
  ),
  rarity AS (
    SELECT lexeme, query, ln(1 + (total.chunks - held.chunks + 0.5) / (held.chunks + 0.5)) AS weight
    FROM asked, total, LATERAL (
      SELECT count(*)::float8 AS chunks FROM document_chunks WHERE tenant = $1 AND words @@ asked.query
    ) AS held
  ),
  worded AS (
    SELECT chunk.id,
           sum(rarity.weight * used.times / (used.times + 0.3 + 0.9 * length(chunk.words) / 60))
             / (SELECT sum(weight) FROM rarity) AS share
    FROM rarity
    JOIN document_chunks AS chunk ON chunk.tenant = $1 AND chunk.words @@ rarity.query,
    LATERAL (
      SELECT sum(CASE weight WHEN 'B' THEN 3 ELSE 1 END)::float8 AS times
      FROM unnest(chunk.words) AS word, unnest(word.weights) AS weight
      WHERE word.lexeme = rarity.lexeme
    ) AS used
    GROUP BY chunk.id ORDER BY share DESC LIMIT $4::integer * 4
  ),
  close AS (
    SELECT id FROM document_chunks WHERE tenant = $1 ORDER BY embedding <=> $2::vector LIMIT $4::integer * 4
  )
  SELECT document.path AS document, document.title, chunk.section, chunk.content,
         1 - (chunk.embedding <=> $2::vector) + coalesce(worded.share, 0) AS score
  FROM close
  FULL JOIN worded USING (id)
  JOIN document_chunks AS chunk USING (id)
  JOIN documents AS document ON document.id = chunk.document_id
  ORDER BY score DESC, chunk.id
  LIMIT $4::integer
`;
