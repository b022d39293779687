-- Ten further indexes: over one column and two, partial, over an expression, with included columns, descending, BRIN.
CREATE INDEX ON lineitem (l_shipdate);
CREATE INDEX ON lineitem (l_partkey, l_suppkey);
CREATE INDEX ON lineitem (l_suppkey) WHERE l_receiptdate > l_commitdate;
CREATE INDEX ON lineitem USING brin (l_receiptdate);
CREATE INDEX ON orders (o_orderdate DESC) INCLUDE (o_custkey, o_shippriority);
CREATE INDEX ON orders (o_custkey);
CREATE INDEX ON customer (c_mktsegment);
CREATE INDEX ON customer ((substring(c_phone FROM 1 FOR 2)));
CREATE INDEX ON part (p_size, p_type text_pattern_ops);
CREATE INDEX ON partsupp (ps_suppkey);
