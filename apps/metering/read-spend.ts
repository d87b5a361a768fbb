import type { z } from 'zod';
import type { ClickHouse } from '#clickhouse/connect.js';
import type { spend, SpendDimension, SpendRow } from '#contracts/requests/spend.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { clickHouseHour, clickHouseTime, instantOf } from './clickhouse-time.js';

type SpendRequest = z.infer<typeof spend.request>;
type Interval = NonNullable<SpendRequest['interval']>;

const maxRows = 10_000;
const hourMs = 3_600_000;
/** What DateTime holds: no event is outside. */
const firstMs = 0;
const lastMs = Date.UTC(2106, 1, 7, 6);

const columns = {
  team: 'team_id',
  project: 'project_id',
  key: 'key_id',
  model: 'model',
  provider: 'provider',
} as const satisfies Record<SpendDimension, string>;

const intervalStart: Record<Interval, string> = {
  hour: 'hour',
  day: 'toStartOfDay(hour)',
  month: "toDateTime(toStartOfMonth(hour), 'UTC')",
};

type Counts = Record<'charged' | 'suspended' | 'voided' | 'inputTokens' | 'outputTokens', string>;
type Dimensions = Partial<Record<(typeof columns)[SpendDimension], string>>;
interface Answer extends Counts, Dimensions {
  readonly startSeconds?: number;
  readonly currency: string;
  readonly amount: string | null;
  readonly cost: string | null;
}

/**
 * Σ of an organisation's charges by `time` of their usage events, `from` inclusive, `to` exclusive, to the millisecond.
 * Tokens are those that were charged.
 * @throws RequestFailure `invalid` when there are more rows than an answer holds.
 */
export async function readSpend(clickhouse: ClickHouse, request: SpendRequest): Promise<SpendRow[]> {
  const answers = await clickhouse.query<Answer>(spendSql(request), {
    org: request.orgId,
    ...period(request),
  });
  if (answers.length > maxRows) {
    throw new RequestFailure('invalid', `There are more than ${maxRows} rows: ask for less time, or group by less.`);
  }
  return answers.map(spendRow);
}

/** The SQL is put together from the constants above only; what the request holds beside them goes in as parameters. */
export function spendSql({ groupBy, interval }: SpendRequest): string {
  const keys = [...new Set(groupBy)].map((dimension) => columns[dimension]);
  const start = interval === undefined ? [] : [`${intervalStart[interval]} AS start`];
  const groups = [...(interval === undefined ? [] : ['start']), ...keys, 'currency'].join(', ');
  const read = (hours: string) => `
    SELECT ${[...start, ...keys].map((key) => `${key}, `).join('')}currency, status,
           count() AS events, sum(amount) AS total_amount, sum(cost) AS total_cost,
           sum(input_tokens) AS total_input, sum(output_tokens) AS total_output
    FROM charges WHERE org_id = {org:String} AND ${hours}
    GROUP BY ${groups}, status`;
  const whole = "(hour >= {wholeFrom:DateTime('UTC')} AND hour < {toHour:DateTime('UTC')})";
  return `
    SELECT ${interval === undefined ? '' : 'toUnixTimestamp(start) AS startSeconds, '}${[...keys, 'currency'].join(', ')},
           toString(sumIf(events, status = 'charged')) AS charged,
           toString(sumIf(events, status = 'suspended')) AS suspended,
           toString(sumIf(events, status = 'voided')) AS voided,
           toString(sum(total_input)) AS inputTokens, toString(sum(total_output)) AS outputTokens,
           toString(sum(total_amount)) AS amount, toString(sum(total_cost)) AS cost
    FROM (
      -- Whole hours: from the projection.
      ${read(whole)}
      UNION ALL
      -- The hours in which the period begins and ends: event by event.
      ${read(`hour IN ({fromHour:DateTime('UTC')}, {toHour:DateTime('UTC')}) AND NOT ${whole}
        AND event_time >= {from:DateTime64(3, 'UTC')} AND event_time < {to:DateTime64(3, 'UTC')}`)}
    )
    GROUP BY ${groups} ORDER BY ${groups} LIMIT ${maxRows + 1}`;
}

function period(request: SpendRequest) {
  const clamped = (instant: string) => Math.min(Math.max(Date.parse(instant), firstMs), lastMs);
  const from = request.from === undefined ? firstMs : clamped(request.from);
  const to = request.to === undefined ? lastMs : clamped(request.to);
  return {
    from: clickHouseTime(from),
    to: clickHouseTime(to),
    fromHour: clickHouseHour(from),
    wholeFrom: clickHouseHour(Math.min(from + hourMs - 1, lastMs)),
    toHour: clickHouseHour(to),
  };
}

function spendRow(answer: Answer): SpendRow {
  const { startSeconds, team_id, project_id, key_id, model, provider, currency, amount, cost } = answer;
  return {
    ...(startSeconds === undefined ? {} : { start: instantOf(startSeconds) }),
    ...(team_id === undefined ? {} : { teamId: team_id }),
    ...(project_id === undefined ? {} : { projectId: project_id }),
    ...(key_id === undefined ? {} : { keyId: key_id }),
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider }),
    ...(currency === '' ? {} : { currency }),
    charged: Number(answer.charged),
    suspended: Number(answer.suspended),
    voided: Number(answer.voided),
    inputTokens: Number(answer.inputTokens),
    outputTokens: Number(answer.outputTokens),
    ...(amount === null || cost === null ? {} : { amount, cost }),
  };
}
