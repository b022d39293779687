with member as (
    select owned.refclassid::pg_catalog.regclass::pg_catalog.text as class,
           owned.refobjid as oid,
           pg_catalog.format('operator %s %s%s', entry.amopstrategy, entry.amopopr::pg_catalog.regoperator,
                             case when entry.amoppurpose = 'o'
                                  then pg_catalog.format(' for order by %I.%I', namespace.nspname, sorted.opfname) end) as part
    from pg_catalog.pg_amop as entry
    join pg_catalog.pg_depend as owned
        on owned.classid = 'pg_catalog.pg_amop'::pg_catalog.regclass and owned.objid = entry.oid
       and owned.refclassid in ('pg_catalog.pg_opclass'::pg_catalog.regclass, 'pg_catalog.pg_opfamily'::pg_catalog.regclass)
    left join pg_catalog.pg_opfamily as sorted on sorted.oid = entry.amopsortfamily
    left join pg_catalog.pg_namespace as namespace on namespace.oid = sorted.opfnamespace
    union all
    select owned.refclassid::pg_catalog.regclass::pg_catalog.text, owned.refobjid,
           pg_catalog.format('function %s (%s, %s) %s', entry.amprocnum, pg_catalog.format_type(entry.amproclefttype, null),
                             pg_catalog.format_type(entry.amprocrighttype, null),
                             entry.amproc::pg_catalog.oid::pg_catalog.regprocedure)
    from pg_catalog.pg_amproc as entry
    join pg_catalog.pg_depend as owned
        on owned.classid = 'pg_catalog.pg_amproc'::pg_catalog.regclass and owned.objid = entry.oid
       and owned.refclassid in ('pg_catalog.pg_opclass'::pg_catalog.regclass, 'pg_catalog.pg_opfamily'::pg_catalog.regclass)
),
listed as (
    select member.class, member.oid, pg_catalog.array_agg(member.part order by member.part) as parts
    from member
    group by member.class, member.oid
)
select 'pg_opfamily' as class_,
       family.oid,
       pg_catalog.format('%I.%I', namespace.nspname, family.opfname) as called,
       pg_catalog.quote_ident(method.amname) as method,
       null as family, null as type, null as storage, false as is_default,
       coalesce(listed.parts, '{}') as parts
from pg_catalog.pg_opfamily as family
join pg_catalog.pg_namespace as namespace on namespace.oid = family.opfnamespace
join pg_catalog.pg_am as method on method.oid = family.opfmethod
left join listed on listed.class = 'pg_opfamily' and listed.oid = family.oid
where family.oid = any ($1::pg_catalog.oid[])
union all
select 'pg_opclass',
       class.oid,
       pg_catalog.format('%I.%I', namespace.nspname, class.opcname),
       pg_catalog.quote_ident(method.amname),
       pg_catalog.format('%I.%I', family_namespace.nspname, family.opfname),
       pg_catalog.format_type(class.opcintype, null),
       pg_catalog.format_type(nullif(class.opckeytype, 0), null),
       class.opcdefault,
       coalesce(listed.parts, '{}')
from pg_catalog.pg_opclass as class
join pg_catalog.pg_namespace as namespace on namespace.oid = class.opcnamespace
join pg_catalog.pg_am as method on method.oid = class.opcmethod
join pg_catalog.pg_opfamily as family on family.oid = class.opcfamily
join pg_catalog.pg_namespace as family_namespace on family_namespace.oid = family.opfnamespace
left join listed on listed.class = 'pg_opclass' and listed.oid = class.oid
where class.oid = any ($2::pg_catalog.oid[])
