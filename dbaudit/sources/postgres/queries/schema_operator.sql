with named as (
    select operator.oid, pg_catalog.format('operator(%I.%s)', namespace.nspname, operator.oprname) as called
    from pg_catalog.pg_operator as operator
    join pg_catalog.pg_namespace as namespace on namespace.oid = operator.oprnamespace
),
routine as (
    select routine.oid, pg_catalog.format('%I.%I', namespace.nspname, routine.proname) as called
    from pg_catalog.pg_proc as routine
    join pg_catalog.pg_namespace as namespace on namespace.oid = routine.pronamespace
)
select operator.oid,
       pg_catalog.format('%I.%s', namespace.nspname, operator.oprname) as called,
       function.called as function,
       pg_catalog.format_type(nullif(operator.oprleft, 0), null) as left_type,
       pg_catalog.format_type(nullif(operator.oprright, 0), null) as right_type,
       commutator.called as commutator,
       negator.called as negator,
       restrict.called as restrict,
       joined.called as join,
       operator.oprcanhash as hashes,
       operator.oprcanmerge as merges
from pg_catalog.pg_operator as operator
join pg_catalog.pg_namespace as namespace on namespace.oid = operator.oprnamespace
join routine as function on function.oid = operator.oprcode
left join routine as restrict on restrict.oid = operator.oprrest
left join routine as joined on joined.oid = operator.oprjoin
left join named as commutator on commutator.oid = operator.oprcom
left join named as negator on negator.oid = operator.oprnegate
where operator.oid = any ($1::pg_catalog.oid[])
