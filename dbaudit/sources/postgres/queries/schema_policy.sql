select policy.oid,
       policy.polpermissive as is_permissive,
       policy.polcmd::pg_catalog.text as command,
       array(
           select case role.oid when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(role.oid)) end
           from pg_catalog.unnest(policy.polroles) as role (oid)
           order by 1
       ) as roles,
       pg_catalog.pg_get_expr(policy.polqual, policy.polrelid) as using,
       pg_catalog.pg_get_expr(policy.polwithcheck, policy.polrelid) as with_check
from pg_catalog.pg_policy as policy
where policy.oid = any ($1::pg_catalog.oid[])
