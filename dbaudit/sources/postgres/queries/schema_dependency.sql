select distinct
       dependent.classid::pg_catalog.regclass::pg_catalog.text as class_,
       dependent.objid as oid,
       dependent.refclassid::pg_catalog.regclass::pg_catalog.text as referenced_class,
       dependent.refobjid as referenced_oid,
       dependent.deptype::pg_catalog.text as type
from pg_catalog.pg_depend as dependent
where dependent.objid >= 16384
  and dependent.refobjid >= 16384
  and (dependent.classid, dependent.objid) <> (dependent.refclassid, dependent.refobjid)
