with extension_member as materialized (
    select member.classid, member.objid from pg_catalog.pg_depend as member where member.deptype = 'e'
),
constructor as materialized (
    select made.objid
    from pg_catalog.pg_depend as made
    where made.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and made.deptype = 'i'
),
locked as materialized (
    select lock.relation
    from pg_catalog.pg_locks as lock
    where lock.locktype = 'relation'
      and lock.mode = 'AccessExclusiveLock'
      and lock.pid <> pg_catalog.pg_backend_pid()
      and lock.database = (select own.oid from pg_catalog.pg_database as own where own.datname = pg_catalog.current_database())
),
own_schema as materialized (
    select namespace.oid, namespace.nspname
    from pg_catalog.pg_namespace as namespace
    where namespace.nspname !~ '^pg_' and namespace.nspname <> 'information_schema'
),
relation as materialized (
    select relation.oid, relation.relkind, relation.relname, relation.relispartition, relation.relnamespace,
           own_schema.nspname, pg_catalog.format('%I.%I', own_schema.nspname, relation.relname) as qualified
    from pg_catalog.pg_class as relation
    join own_schema on own_schema.oid = relation.relnamespace
    where relation.relpersistence <> 't'
      and not exists (
          select from extension_member
          where extension_member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and extension_member.objid = relation.oid
      )
),
object (class, oid, kind, name, schema, relname, relation_oid) as (
    select 'pg_namespace'::pg_catalog.text, own_schema.oid, 'schema'::pg_catalog.text,
           pg_catalog.quote_ident(own_schema.nspname), own_schema.nspname, null::pg_catalog.name, 0::pg_catalog.oid
    from own_schema
    union all
    select 'pg_extension', extension.oid, 'extension', pg_catalog.quote_ident(extension.extname), null, null, 0
    from pg_catalog.pg_extension as extension
    where extension.oid >= 16384
    union all
    select 'pg_collation', collated.oid, 'collation', pg_catalog.format('%I.%I', own_schema.nspname, collated.collname),
           own_schema.nspname, null, 0
    from pg_catalog.pg_collation as collated
    join own_schema on own_schema.oid = collated.collnamespace
    union all
    select 'pg_type', type.oid,
           case type.typtype when 'd' then 'domain' when 'e' then 'enum' when 'r' then 'range' when 'c' then 'composite'
                else 'base type' end,
           pg_catalog.format('%I.%I', own_schema.nspname, type.typname), own_schema.nspname, null, 0
    from pg_catalog.pg_type as type
    join own_schema on own_schema.oid = type.typnamespace
    left join pg_catalog.pg_class as composite on composite.oid = type.typrelid
    where type.typisdefined
      and (type.typtype in ('d', 'e', 'r') or composite.relkind = 'c'
           or (type.typtype = 'b'
               and not exists (select from pg_catalog.pg_type as element where element.typarray = type.oid)))
    union all
    select 'pg_proc', routine.oid, case routine.prokind when 'a' then 'aggregate' else 'function' end,
           routine.oid::pg_catalog.regprocedure::pg_catalog.text, own_schema.nspname, null, 0
    from pg_catalog.pg_proc as routine
    join own_schema on own_schema.oid = routine.pronamespace
    where routine.prokind <> 'p'
      and routine.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
      and routine.prorettype <> 'pg_catalog.event_trigger'::pg_catalog.regtype
      and routine.oid not in (select constructor.objid from constructor)
    union all
    select 'pg_operator', operator.oid, 'operator', operator.oid::pg_catalog.regoperator::pg_catalog.text,
           own_schema.nspname, null, 0
    from pg_catalog.pg_operator as operator
    join own_schema on own_schema.oid = operator.oprnamespace
    where operator.oprcode <> 0
    union all
    select 'pg_opfamily', family.oid, 'operator family',
           pg_catalog.format('%I.%I using %I', own_schema.nspname, family.opfname, method.amname), own_schema.nspname, null, 0
    from pg_catalog.pg_opfamily as family
    join own_schema on own_schema.oid = family.opfnamespace
    join pg_catalog.pg_am as method on method.oid = family.opfmethod
    union all
    select 'pg_opclass', class.oid, 'operator class',
           pg_catalog.format('%I.%I using %I', own_schema.nspname, class.opcname, method.amname), own_schema.nspname, null, 0
    from pg_catalog.pg_opclass as class
    join own_schema on own_schema.oid = class.opcnamespace
    join pg_catalog.pg_am as method on method.oid = class.opcmethod
    union all
    select 'pg_cast', conversion.oid, 'cast',
           pg_catalog.format('(%s as %s)', pg_catalog.format_type(conversion.castsource, null),
                             pg_catalog.format_type(conversion.casttarget, null)),
           null, null, 0
    from pg_catalog.pg_cast as conversion
    where conversion.oid >= 16384 and conversion.castfunc not in (select constructor.objid from constructor)
    union all
    select 'pg_ts_dict', dictionary.oid, 'text search dictionary',
           pg_catalog.format('%I.%I', own_schema.nspname, dictionary.dictname), own_schema.nspname, null, 0
    from pg_catalog.pg_ts_dict as dictionary
    join own_schema on own_schema.oid = dictionary.dictnamespace
    union all
    select 'pg_ts_config', configuration.oid, 'text search configuration',
           pg_catalog.format('%I.%I', own_schema.nspname, configuration.cfgname), own_schema.nspname, null, 0
    from pg_catalog.pg_ts_config as configuration
    join own_schema on own_schema.oid = configuration.cfgnamespace
    union all
    select 'pg_class', relation.oid,
           case relation.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
                when 'f' then 'foreign table' else 'table' end,
           relation.qualified, relation.nspname, relation.relname, 0
    from relation
    where relation.relkind in ('r', 'p', 'v', 'm', 'f')
       or (relation.relkind = 'S'
           and not exists (
               select from pg_catalog.pg_depend as identity
               where identity.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 and identity.objid = relation.oid
                 and identity.deptype = 'i'
           ))
    union all
    select 'pg_class', relation.oid,
           case when relation.relkind = 'i' and not index.indisvalid then 'invalid index' else 'index' end,
           relation.qualified, relation.nspname, relation.relname, index.indrelid
    from relation
    join pg_catalog.pg_index as index on index.indexrelid = relation.oid
    where index.indislive
      and not exists (
          select from pg_catalog.pg_constraint as ruled
          where ruled.conindid = index.indexrelid and ruled.conrelid = index.indrelid and ruled.contype in ('p', 'u', 'x')
      )
    union all
    select 'pg_attrdef', standard.oid, 'default', pg_catalog.format('%s.%I', relation.qualified, attribute.attname),
           relation.nspname, null, relation.oid
    from pg_catalog.pg_attrdef as standard
    join relation on relation.oid = standard.adrelid
    join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = standard.adrelid and attribute.attnum = standard.adnum
    where relation.relkind in ('r', 'p') and attribute.attgenerated = ''
    union all
    select 'pg_constraint', ruled.oid, case when ruled.contype = 'f' then 'foreign key' else 'constraint' end,
           pg_catalog.quote_ident(ruled.conname), relation.nspname, null, relation.oid
    from pg_catalog.pg_constraint as ruled
    join relation on relation.oid = ruled.conrelid
    where relation.relkind in ('r', 'p')
      and (ruled.contype in ('p', 'u', 'x')
           or (ruled.contype = 'c' and ruled.coninhcount = 0)
           or (ruled.contype = 'c' and ruled.conislocal)
           or (ruled.contype = 'n' and not ruled.convalidated and ruled.coninhcount = 0)
           or (ruled.contype = 'f' and ruled.conparentid = 0))
    union all
    select 'pg_constraint', ruled.oid, 'domain constraint', pg_catalog.quote_ident(ruled.conname),
           own_schema.nspname, null, 0
    from pg_catalog.pg_constraint as ruled
    join pg_catalog.pg_type as domain on domain.oid = ruled.contypid
    join own_schema on own_schema.oid = domain.typnamespace
    where ruled.contype = 'c'
    union all
    select 'pg_rewrite', rule.oid, 'rule', pg_catalog.quote_ident(rule.rulename), relation.nspname, null, relation.oid
    from pg_catalog.pg_rewrite as rule
    join relation on relation.oid = rule.ev_class
    where rule.rulename <> '_RETURN' and rule.ev_enabled = 'O' and relation.relkind in ('r', 'p', 'v')
    union all
    select 'pg_statistic_ext', described.oid, 'statistics',
           pg_catalog.format('%I.%I', namespace.nspname, described.stxname), relation.nspname, null, relation.oid
    from pg_catalog.pg_statistic_ext as described
    join pg_catalog.pg_namespace as namespace on namespace.oid = described.stxnamespace
    join relation on relation.oid = described.stxrelid
    where relation.relkind in ('r', 'p', 'm')
    union all
    select 'pg_policy', policy.oid, 'policy', pg_catalog.quote_ident(policy.polname), relation.nspname, null, relation.oid
    from pg_catalog.pg_policy as policy
    join relation on relation.oid = policy.polrelid
    where relation.relkind in ('r', 'p')
)
select object.class as class_, object.oid, object.kind, object.name, coalesce(object.schema, '')::pg_catalog.text as schema,
       coalesce(object.relname, '')::pg_catalog.text as relname, object.relation_oid,
       coalesce(owner.qualified, '') as relation,
       object.class = 'pg_class' and object.oid in (select locked.relation from locked) as is_locked
from object
left join relation as owner on owner.oid = object.relation_oid
where not exists (
    select from extension_member
    where extension_member.objid = object.oid
      and extension_member.classid = pg_catalog.to_regclass('pg_catalog.' || object.class)
)
