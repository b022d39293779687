-- After ANALYZE: tables that have been written to since, and one that nobody has ever analyzed.
INSERT INTO never_analyzed SELECT n, 'note ' || n FROM generate_series(1, 30000) AS n;
INSERT INTO document (slug, tags, body, attributes, feeling, key, active)
SELECT 'new-' || n, ARRAY['new'], to_tsvector('simple', 'new'), '{"color": "new"}', 'sad', md5('x' || n)::uuid, true
FROM generate_series(1, 3000) AS n;
DELETE FROM cached WHERE expires_at < '2025-01-01 06:00+00';
