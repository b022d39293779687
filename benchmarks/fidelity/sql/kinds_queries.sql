-- name: gin_array
SELECT id FROM document WHERE tags @> ARRAY['tag5', 'tag900'];
-- name: gin_array_any
SELECT count(*) FROM document WHERE tags && ARRAY['tag30', 'tag31'];
-- name: gin_text
SELECT id, slug FROM document WHERE body @@ to_tsquery('simple', 'word77 & term5077');
-- name: gin_text_or
SELECT id FROM document WHERE body @@ to_tsquery('simple', 'term10 | term11') ORDER BY id DESC LIMIT 20;
-- name: gin_jsonb
SELECT id FROM document WHERE attributes @> '{"color": "c3", "size": 15}';
-- name: hash_key
SELECT slug FROM document WHERE key = '6f4922f4-5568-161a-8cdf-4ad2299f6d23';
-- name: hash_join
SELECT d.id FROM document d JOIN (VALUES ('6f4922f4-5568-161a-8cdf-4ad2299f6d23'::uuid)) AS wanted(key) USING (key);
-- name: gist_inet
SELECT id FROM document WHERE origin <<= '10.12.0.0/16';
-- name: spgist_text
SELECT id FROM document WHERE slug ^@ 'document-777';
-- name: spgist_equal
SELECT id FROM document WHERE slug = 'document-4711';
-- name: expression_equal
SELECT id FROM document WHERE lower(slug) = 'document-5' AND feeling = 'glad';
-- name: expression_range
SELECT count(*) FROM document WHERE lower(slug) BETWEEN 'document-80' AND 'document-81';
-- name: expression_partial
SELECT id FROM document WHERE attributes ->> 'color' = 'c3' AND active;
-- name: expression_group
SELECT attributes ->> 'color', count(*) FROM document WHERE active GROUP BY 1 ORDER BY 2 DESC;
-- name: partial_rare
SELECT id FROM document WHERE NOT active AND feeling IN ('sad', 'cross');
-- name: collation_order
SELECT slug FROM document ORDER BY slug COLLATE "C" DESC NULLS LAST LIMIT 10;
-- name: composite_field
SELECT id FROM document WHERE (spot).x = 7;
-- name: enum_range
SELECT feeling, count(*) FROM document WHERE feeling >= 'cross' GROUP BY feeling;
-- name: generated_column
SELECT count(*) FROM document WHERE title_length = 13 AND feeling = 'sad';
-- name: statistics_expression
SELECT feeling, title_length % 5, count(*) FROM document GROUP BY 1, 2;
-- name: statistics_expression_filter
SELECT id FROM document WHERE title_length % 5 = 3;
-- name: toasted
SELECT id, long FROM document WHERE long IS NOT NULL ORDER BY long LIMIT 5;
-- name: by_primary_key
SELECT slug FROM document WHERE id = 1234;
-- name: newest_ids
SELECT slug FROM document WHERE id > 199990 ORDER BY id;
-- name: beyond_the_end
SELECT slug FROM document WHERE id > 202990;
-- name: maximum
SELECT max(id) FROM document WHERE feeling = 'glad';
-- name: index_only
SELECT lower(slug), feeling FROM document WHERE lower(slug) < 'document-11';
-- name: view_of_glad
SELECT color, count(*) FROM glad GROUP BY color;
-- name: materialized
SELECT documents FROM document_colors WHERE color = 'c4' AND feeling = 'calm';
-- name: function_cost
SELECT id FROM document WHERE slow_check(slug) AND is_round(id) AND feeling = 'sad';
-- name: function_rows
SELECT d.slug FROM some_ids(50) AS wanted(id) JOIN document d USING (id);
-- name: document_self_join
SELECT a.id FROM document a JOIN document b ON b.slug = a.slug AND b.id > a.id WHERE a.feeling = 'sad';
-- name: booking_overlap
SELECT id FROM booking WHERE during && tsrange('2024-05-01', '2024-05-02');
-- name: booking_contains
SELECT id FROM booking WHERE during @> '2024-09-09 12:00'::timestamp;
-- name: booking_in_box
SELECT id FROM booking WHERE at <@ box '((10,10),(20,30))';
-- name: booking_nearest
SELECT id FROM booking ORDER BY at <-> point(100, 100) LIMIT 5;
-- name: booking_parallel
SELECT room, count(*), avg(upper(during) - lower(during)) FROM booking GROUP BY room;
-- name: reading_by_sensor
SELECT * FROM reading WHERE sensor = 17 AND taken_at >= '2025-03-01 00:00+00' AND taken_at < '2025-03-02 00:00+00';
-- name: reading_of_a_day
SELECT avg(value) FROM reading WHERE taken_at >= '2024-07-01 00:00+00' AND taken_at < '2024-07-02 00:00+00';
-- name: reading_all
SELECT sensor, max(taken_at) FROM reading GROUP BY sensor;
-- name: reading_latest
SELECT * FROM reading WHERE sensor = 3 ORDER BY taken_at DESC LIMIT 1;
-- name: reading_brin
SELECT count(*) FROM reading_2025_0 WHERE taken_at BETWEEN '2025-06-01 00:00+00' AND '2025-06-03 00:00+00';
-- name: reading_expressions
SELECT * FROM reading WHERE sensor % 10 = 3 AND sensor % 4 = 1;
-- name: reading_expressions_of_a_partition
SELECT sensor % 10, sensor % 4, count(*) FROM reading_2024 WHERE sensor % 10 = 3 GROUP BY 1, 2;
-- name: reading_join
SELECT s.city, avg(r.value) FROM reading r JOIN sensor s ON s.id = r.sensor WHERE s.country = 'country2' GROUP BY s.city;
-- name: sensor_statistics
SELECT count(*) FROM sensor WHERE city = 'city8' AND country = 'country2' AND zip = 'zip8-8';
-- name: address_statistics
SELECT id FROM address WHERE city = 'city40' AND country = 'country0';
-- name: address_groups
SELECT city, country, count(*) FROM address GROUP BY city, country;
-- name: address_distinct
SELECT street, count(*) FROM address GROUP BY street;
-- name: address_join
SELECT a.id, s.id FROM address a JOIN sensor s USING (city, country) WHERE a.country = 'country3';
-- name: inherited
SELECT maker, count(*) FROM vehicle WHERE wheels > 6 GROUP BY maker;
-- name: inherited_by_id
SELECT * FROM vehicle WHERE id = 777;
-- name: inherited_expressions
SELECT count(*) FROM vehicle WHERE wheels % 3 = 1 AND maker = 'maker4';
-- name: only_parent_expressions
SELECT count(*) FROM ONLY vehicle WHERE wheels % 3 = 1 AND maker = 'maker4';
-- name: only_parent
SELECT count(*) FROM ONLY vehicle WHERE maker = 'maker3';
-- name: lorry_included
SELECT load_kg, maker FROM lorry WHERE load_kg BETWEEN 100 AND 300;
-- name: cached_expired
DELETE FROM cached WHERE expires_at < '2025-01-01 08:00+00';
-- name: cached_by_key
UPDATE cached SET v = 'x' WHERE k = 'c4ca4238a0b923820dcc509a6f75849b';
-- name: cached_upsert
INSERT INTO cached VALUES ('k', 'v', now()) ON CONFLICT (k) DO UPDATE SET v = excluded.v;
-- name: empty_table
SELECT * FROM empty WHERE note = 'x';
-- name: empty_join
SELECT d.id FROM document d JOIN empty e ON e.id = d.id;
-- name: tiny_table
SELECT * FROM tiny WHERE id = 3;
-- name: tiny_join
SELECT d.slug, t.note FROM document d JOIN tiny t ON t.id = d.id;
-- name: never_analyzed_filter
SELECT * FROM never_analyzed WHERE note = 'note 7';
-- name: never_analyzed_join
SELECT n.note, d.slug FROM never_analyzed n JOIN document d USING (id) WHERE n.id < 500;
-- name: window
SELECT id, row_number() OVER (PARTITION BY feeling ORDER BY slug COLLATE "C") FROM document WHERE NOT active;
-- name: recursive
WITH RECURSIVE t(id) AS (SELECT 1::bigint UNION ALL SELECT d.id FROM t JOIN document d ON d.id = t.id + 1 WHERE d.active)
SELECT count(*) FROM t;
-- name: exists
SELECT s.id FROM sensor s WHERE NOT EXISTS (SELECT FROM reading r WHERE r.sensor = s.id AND r.value > 142);
-- name: sorted_spill
SELECT * FROM document ORDER BY key;
