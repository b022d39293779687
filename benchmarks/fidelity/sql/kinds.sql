-- What the two benchmarks and the shop have not: every access method, partitions, inheritance, statistics objects and
-- types of one's own, at a size at which each of them matters.
CREATE TYPE mood AS ENUM ('calm', 'glad', 'cross', 'sad');
CREATE DOMAIN code AS text CHECK (VALUE ~ '^[a-z0-9-]+$');
CREATE TYPE place AS (x integer, y integer);

CREATE TABLE document (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, slug code NOT NULL, tags text[] NOT NULL, body tsvector,
    attributes jsonb NOT NULL, feeling mood NOT NULL, key uuid NOT NULL, origin inet, long text,
    title_length integer GENERATED ALWAYS AS (length(slug)) STORED, spot place, active boolean NOT NULL
);
INSERT INTO document (slug, tags, body, attributes, feeling, key, origin, long, spot, active)
SELECT 'document-' || n % 90000, ARRAY['tag' || n % 7, 'tag' || n % 1000, 'tag' || n % 31],
    to_tsvector('simple', 'word' || n % 500 || ' term' || n % 9000 || ' all'),
    jsonb_build_object('color', 'c' || n % 12, 'size', n % 300, 'n', n),
    (ARRAY['calm', 'calm', 'calm', 'glad', 'glad', 'cross', 'sad']::mood[])[1 + n % 7],
    md5(n::text)::uuid, ('10.' || n % 200 || '.' || n % 256 || '.1')::inet,
    CASE WHEN n % 50 = 0 THEN repeat(md5(n::text), 300) END, ROW(n % 100, n % 1000)::place, n % 20 <> 0
FROM generate_series(1, 200000) AS n;
CREATE INDEX ON document USING gin (tags);
CREATE INDEX ON document USING gin (body) WITH (fastupdate = off);
CREATE INDEX ON document USING gin (attributes jsonb_path_ops);
CREATE INDEX ON document USING hash (key);
CREATE INDEX ON document USING gist (origin inet_ops);
CREATE INDEX ON document USING spgist (slug);
CREATE INDEX ON document (lower(slug), feeling);
CREATE INDEX ON document ((attributes ->> 'color')) WHERE active;
CREATE INDEX ON document (feeling) WHERE NOT active;
CREATE INDEX ON document (slug COLLATE "C" DESC NULLS LAST);
CREATE INDEX ON document (((spot).x));
CREATE STATISTICS document_length ON (title_length % 5), feeling FROM document;

CREATE TABLE booking (
    id bigserial PRIMARY KEY, room integer NOT NULL, during tsrange NOT NULL, at point,
    EXCLUDE USING gist (during WITH &&) WHERE (room = 1)
);
INSERT INTO booking (room, during, at)
SELECT 2 + n % 40, tsrange('2024-01-01'::timestamp + n * interval '7 minutes',
    '2024-01-01'::timestamp + n * interval '7 minutes' + (n % 90) * interval '1 minute'), point(n % 313, n % 977)
FROM generate_series(1, 120000) AS n;
CREATE INDEX ON booking USING gist (during);
CREATE INDEX ON booking USING gist (at);
CREATE INDEX ON booking USING spgist (at);

CREATE TABLE reading (sensor integer NOT NULL, taken_at timestamptz NOT NULL, value double precision, note text)
    PARTITION BY RANGE (taken_at);
CREATE TABLE reading_2024 PARTITION OF reading FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00');
CREATE TABLE reading_2025 PARTITION OF reading FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2026-01-01 00:00+00')
    PARTITION BY HASH (sensor);
CREATE TABLE reading_2025_0 PARTITION OF reading_2025 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE reading_2025_1 PARTITION OF reading_2025 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE reading_rest PARTITION OF reading DEFAULT;
INSERT INTO reading SELECT n % 400, '2024-01-01 00:00+00'::timestamptz + n * interval '2 minutes', (n % 1000) / 7.0, NULL
FROM generate_series(1, 500000) AS n;
CREATE INDEX ON reading (sensor, taken_at);
CREATE INDEX ON reading_2024 USING brin (taken_at) WITH (pages_per_range = 16);
CREATE INDEX ON reading_2025_0 USING brin (taken_at, sensor);

CREATE STATISTICS reading_tens (mcv) ON (sensor % 10), (sensor % 4) FROM reading;
CREATE STATISTICS reading_tens_2024 (mcv) ON (sensor % 10), (sensor % 4) FROM reading_2024;

CREATE TABLE sensor (id integer PRIMARY KEY, city text NOT NULL, country text NOT NULL, zip text NOT NULL);
INSERT INTO sensor SELECT n, 'city' || n % 60, 'country' || n % 60 % 6, 'zip' || n % 60 || '-' || n % 120
FROM generate_series(0, 399) AS n;
CREATE STATISTICS sensor_place (ndistinct, dependencies, mcv) ON city, country, zip FROM sensor;

CREATE TABLE address (id bigint PRIMARY KEY, city text NOT NULL, country text NOT NULL, street text NOT NULL);
INSERT INTO address SELECT n, 'city' || n % 600, 'country' || n % 600 % 20, md5(n::text)
FROM generate_series(1, 150000) AS n;
CREATE INDEX ON address (country, city);
CREATE STATISTICS address_place ON city, country FROM address;

CREATE TABLE vehicle (id integer, wheels integer, maker text);
CREATE TABLE lorry (load_kg integer) INHERITS (vehicle);
INSERT INTO vehicle SELECT n, 2 + n % 3, 'maker' || n % 50 FROM generate_series(1, 60000) AS n;
INSERT INTO lorry SELECT n, 6 + n % 5, 'maker' || n % 9, n % 40000 FROM generate_series(1, 90000) AS n;
CREATE STATISTICS vehicle_wheels (mcv) ON (wheels % 3), maker FROM vehicle;
CREATE INDEX ON vehicle (id);
CREATE INDEX ON lorry (id);
CREATE INDEX ON lorry (load_kg) INCLUDE (maker);

CREATE UNLOGGED TABLE cached (k text PRIMARY KEY, v text NOT NULL, expires_at timestamptz NOT NULL);
INSERT INTO cached SELECT md5(n::text), repeat('v', 40), '2025-01-01 00:00+00'::timestamptz + n * interval '1 second'
FROM generate_series(1, 80000) AS n;
CREATE INDEX ON cached (expires_at);

CREATE TABLE empty (id integer PRIMARY KEY, note text);
CREATE TABLE tiny (id integer PRIMARY KEY, note text);
INSERT INTO tiny SELECT n, 'n' || n FROM generate_series(1, 7) AS n;
CREATE TABLE never_analyzed (id integer PRIMARY KEY, note text);

CREATE VIEW glad AS SELECT id, slug, attributes ->> 'color' AS color FROM document WHERE feeling = 'glad';
CREATE MATERIALIZED VIEW document_colors AS
    SELECT attributes ->> 'color' AS color, feeling, count(*) AS documents FROM document GROUP BY 1, 2;
CREATE UNIQUE INDEX ON document_colors (color, feeling);
CREATE FUNCTION is_round(n bigint) RETURNS boolean IMMUTABLE PARALLEL SAFE COST 7 LANGUAGE sql RETURN n % 100 = 0;
CREATE FUNCTION slow_check(t text) RETURNS boolean STABLE COST 5000 LANGUAGE plpgsql AS 'BEGIN RETURN length(t) > 9; END';
CREATE FUNCTION some_ids(n integer) RETURNS SETOF bigint STABLE ROWS 37 LANGUAGE plpgsql
    AS 'BEGIN RETURN QUERY SELECT id FROM document LIMIT n; END';
ALTER TABLE document ALTER COLUMN slug SET STATISTICS 300;
ALTER TABLE address ALTER COLUMN street SET (n_distinct = -0.5);
ALTER TABLE booking SET (parallel_workers = 3);
ALTER TABLE address SET (fillfactor = 70);
