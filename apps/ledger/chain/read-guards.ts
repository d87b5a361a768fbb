import type { BookReader } from './book-reader.js';

/**
 * What keeps the book besides its rows, one line to a thing: triggers and whether they fire, constraints, rules, grants,
 * functions, movements. The same lines for every book, whoever owns it and whatever months it has: the owner is written
 * `owner`, a month's partition `charge_month`, and what some months alone have is marked.
 */
export async function readGuards(book: BookReader): Promise<string[]> {
  const lines: string[] = [];
  for (const query of queries) lines.push(...(await book.all(query)).map(([line]) => line ?? ''));
  const months = new Set(lines.flatMap((line) => /^table (charge_\d{4}_\d\d) /.exec(line)?.[1] ?? []));
  const monthsOf = new Map<string, Set<string>>();
  for (const line of lines) {
    const [month = ''] = /\bcharge_\d{4}_\d\d/.exec(line) ?? [];
    const general = month === '' ? line : line.replaceAll(month, 'charge_month');
    monthsOf.set(general, (monthsOf.get(general) ?? new Set()).add(month));
  }
  return [...monthsOf]
    .map(([line, own]) =>
      line.includes('charge_month') && own.size !== months.size ? `${line}, in ${[...own].join(', ')} only` : line,
    )
    .toSorted();
}

const tables = `
  WITH ours AS (
    SELECT c.oid, c.relkind, c.relrowsecurity, c.relacl, c.relowner,
      c.relname AS name
    FROM pg_class c WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  ), owner AS (SELECT nspowner AS oid FROM pg_namespace WHERE nspname = 'ledger')`;

/** A role as a person knows it. */
const role = (oid: string) =>
  `CASE ${oid} WHEN (SELECT oid FROM owner) THEN 'owner' WHEN 0 THEN 'public' ELSE ${oid}::regrole::text END`;

const queries = [
  `${tables} SELECT format('%s %s of %s%s', CASE relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END,
     name, ${role('relowner')}, CASE WHEN relrowsecurity THEN ', with policies' ELSE '' END) FROM ours`,
  // Of foreign keys, which Postgres keeps by triggers with numbers in their names, the constraint's name.
  `${tables} SELECT format('trigger %s on %s: %s(%s) %s, fires %s%s', CASE WHEN tgisinternal THEN con.conname ELSE tgname END, name,
     CASE WHEN p.pronamespace = 'ledger'::regnamespace THEN '' ELSE p.pronamespace::regnamespace || '.' END || proname,
     encode(tgargs, 'escape'), tgtype,
     CASE tgenabled WHEN 'A' THEN 'always' WHEN 'O' THEN 'unless a replica' WHEN 'R' THEN 'as a replica' ELSE 'never' END,
     CASE WHEN tgqual IS NULL THEN '' ELSE ', on a condition' END)
   FROM pg_trigger t JOIN ours ON ours.oid = tgrelid JOIN pg_proc p ON p.oid = tgfoid
     LEFT JOIN pg_constraint con ON con.oid = tgconstraint`,
  `${tables} SELECT format('rule %s on %s', rulename, name) FROM pg_rewrite JOIN ours ON ours.oid = ev_class
   WHERE rulename <> '_RETURN'`,
  `${tables} SELECT format('constraints of %s: %s', name, string_agg(DISTINCT conname
       || CASE WHEN convalidated THEN '' ELSE ' (not validated)' END, ' ' ))
   FROM (
     SELECT conrelid, contype, convalidated, conname COLLATE "C" AS conname
     FROM pg_constraint
   ) AS con JOIN ours ON ours.oid = conrelid
   WHERE contype IN ('c', 'f', 'p', 'u', 'x') GROUP BY ours.oid, name`,
  `${tables} SELECT format('grants on %s to %s: %s', name, ${role('grantee')}, string_agg(DISTINCT privilege_type, ' '))
   FROM ours, aclexplode(relacl) WHERE grantee <> relowner GROUP BY ours.oid, name, grantee`,
  `${tables} SELECT format('grants on columns of %s to %s: %s', name, ${role('grantee')},
     string_agg(privilege_type || ' ' || attname, ', ' ORDER BY privilege_type COLLATE "C", attname COLLATE "C"))
   FROM ours JOIN pg_attribute ON attrelid = ours.oid, aclexplode(attacl)
   WHERE grantee <> relowner GROUP BY ours.oid, name, grantee`,
  `${tables} SELECT format('grants on the schema to %s: %s', ${role('grantee')}, string_agg(privilege_type, ' ' ORDER BY privilege_type))
   FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'ledger' AND grantee <> nspowner GROUP BY grantee`,
  `${tables} SELECT format('function %s of %s: %s%s%s', proname, ${role('proowner')}, md5(prosrc),
     CASE WHEN prosecdef THEN ', with its owner''s rights' ELSE '' END,
     coalesce(', ' || array_to_string(proconfig, ', '), ''))
   FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace`,
  // Without grants of its own a function is everybody's.
  `${tables} SELECT format('grants on function %s to %s: EXECUTE', proname, ${role('grantee')})
   FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
   WHERE pronamespace = 'ledger'::regnamespace AND grantee <> proowner`,
  `${tables} SELECT format('member of %s: %s', roleid::regrole, ${role('member')})
   FROM pg_auth_members WHERE roleid IN ('tollgate_ledger'::regrole, 'tollgate_ledger_reader'::regrole)`,
  `SELECT format('movements of %s: %s', kind, string_agg(debit || ' to ' || credit, ', ' ORDER BY debit COLLATE "C", credit COLLATE "C"))
   FROM movement GROUP BY kind`,
];
