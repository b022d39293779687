-- What happens after the last ANALYZE: a tenth of the orders anew, others changed and removed.
SET session_replication_role = replica;
INSERT INTO orders SELECT o_orderkey + 6000000, o_custkey, o_orderstatus, o_totalprice, o_orderdate + 300, o_orderpriority,
    o_clerk, o_shippriority, o_comment FROM orders WHERE o_orderkey % 10 = 1;
INSERT INTO lineitem SELECT l_orderkey + 6000000, l_partkey, l_suppkey, l_linenumber, l_quantity, l_extendedprice,
    l_discount, l_tax, l_returnflag, l_linestatus, l_shipdate + 300, l_commitdate + 300, l_receiptdate + 300,
    l_shipinstruct, l_shipmode, l_comment FROM lineitem WHERE l_orderkey % 10 = 1;
UPDATE partsupp SET ps_availqty = ps_availqty + 1 WHERE ps_partkey % 4 = 0;
DELETE FROM customer WHERE c_custkey % 5 = 0;
RESET session_replication_role;
