select 'pg_ts_dict' as class_,
       dictionary.oid,
       pg_catalog.format('template = %I.%I', namespace.nspname, template.tmplname) as source,
       dictionary.dictinitoption as options,
       null::pg_catalog.text[] as tokens,
       null::pg_catalog.text[] as dictionaries
from pg_catalog.pg_ts_dict as dictionary
join pg_catalog.pg_ts_template as template on template.oid = dictionary.dicttemplate
join pg_catalog.pg_namespace as namespace on namespace.oid = template.tmplnamespace
where dictionary.oid = any ($1::pg_catalog.oid[])
union all
select 'pg_ts_config',
       configuration.oid,
       pg_catalog.format('parser = %I.%I', namespace.nspname, parser.prsname),
       null,
       pg_catalog.array_agg(token.alias order by token.alias) filter (where token.alias is not null),
       mapped.dictionaries
from pg_catalog.pg_ts_config as configuration
join pg_catalog.pg_ts_parser as parser on parser.oid = configuration.cfgparser
join pg_catalog.pg_namespace as namespace on namespace.oid = parser.prsnamespace
left join (
    select map.mapcfg,
           map.maptokentype,
           pg_catalog.array_agg(pg_catalog.format('%I.%I', dictionary_namespace.nspname, dictionary.dictname)
                                order by map.mapseqno) as dictionaries
    from pg_catalog.pg_ts_config_map as map
    join pg_catalog.pg_ts_dict as dictionary on dictionary.oid = map.mapdict
    join pg_catalog.pg_namespace as dictionary_namespace on dictionary_namespace.oid = dictionary.dictnamespace
    group by map.mapcfg, map.maptokentype
) as mapped on mapped.mapcfg = configuration.oid
left join lateral (
    select pg_catalog.quote_ident(known.alias) as alias
    from pg_catalog.ts_token_type(parser.oid) as known (tokid, alias, description)
    where known.tokid = mapped.maptokentype
) as token on true
where configuration.oid = any ($2::pg_catalog.oid[])
group by configuration.oid, namespace.nspname, parser.prsname, mapped.dictionaries
order by 1, 2, 6
