import type { DataSource } from 'typeorm';
import { maySee } from '../access/caller.js';
import type { RefusedEvent } from '../errors/api-error.js';
import type { Reporter } from './reporter.guard.js';
import type { Attribution, UsageReport } from './usage-report.js';

interface NamedKey {
  readonly orgId: string;
  readonly keyId: string;
}

/**
 * Says of each report whose usage it is. The key decides, revoked ones too: what happened, happened. A team or project
 * that is named as well has to be the key's own.
 */
export async function attributeReports(
  source: DataSource,
  reporter: Reporter,
  reports: readonly UsageReport[],
): Promise<(Attribution | RefusedEvent)[]> {
  const named = reports.map((report, index) => nameKey(reporter, report, index));
  const keys = named.filter((one) => 'keyId' in one);
  const found = await source.query<Attribution[]>(
    `SELECT key.organisation_id "orgId", project.team_id "teamId", key.project_id "projectId", key.id "keyId"
       FROM virtual_key key
       JOIN project ON project.organisation_id = key.organisation_id AND project.id = key.project_id
      WHERE (key.organisation_id, key.id) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    [keys.map(({ orgId }) => orgId), keys.map(({ keyId }) => keyId)],
  );
  const byKey = new Map(found.map((attribution) => [keyOf(attribution), attribution]));
  return named.map((one, index) => {
    if (!('keyId' in one)) return one;
    const attribution = byKey.get(keyOf(one));
    if (attribution === undefined) return refuse(index, 'key', `there is no key "${one.keyId}" in ${one.orgId}`);
    const { team, project } = reports[index]?.data ?? {};
    if (project !== undefined && project !== attribution.projectId) {
      return refuse(index, 'project', `key "${one.keyId}" is not of project "${project}"`);
    }
    if (team !== undefined && team !== attribution.teamId) {
      return refuse(index, 'team', `key "${one.keyId}" is not of team "${team}"`);
    }
    return attribution;
  });
}

const keyOf = ({ orgId, keyId }: NamedKey) => `${orgId} ${keyId}`;

function nameKey(reporter: Reporter, { org, data }: UsageReport, index: number): NamedKey | RefusedEvent {
  const orgId = org ?? (reporter.scope === 'platform' ? undefined : reporter.organisationId);
  if (orgId === undefined) return refuse(index, 'org', 'a token of the platform has to name the organisation');
  if (reporter.scope === 'key') {
    const { organisationId, keyId } = reporter;
    if (orgId !== organisationId) return refuse(index, 'org', 'a key reports the usage of its own organisation');
    if ((data.key ?? keyId) !== keyId) return refuse(index, 'key', 'a key reports its own usage');
    return { orgId, keyId };
  }
  // The same words as for an organisation that is not there.
  if (!maySee(reporter, orgId)) return refuse(index, 'org', `there is no organisation "${orgId}"`);
  if (data.key === undefined) return refuse(index, 'key', 'an admin token has to name the key whose usage it is');
  return { orgId, keyId: data.key };
}

function refuse(index: number, field: 'org' | 'team' | 'project' | 'key', why: string): RefusedEvent {
  const param = field === 'org' ? field : `data.${field}`;
  return { index, code: `${field}_unknown`, message: `${param}: ${why}.`, param };
}
