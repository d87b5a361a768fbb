import { z } from 'zod';
import { spendRow, type SpendDimension } from '#contracts/requests/spend.js';
import { callControl, type ControlApi } from './control-api.js';
import { awaitKeys, createDemoOrganisation } from './demo-organisation.js';
import { replayTrace, type ReplaySpeed } from './replay-trace.js';
import { writeReport, type DemoReport } from './report.js';
import { settle } from './settle.js';
import type { TraceRow } from './trace.js';

export interface DemoRun {
  readonly relayUrl: string;
  readonly control: ControlApi;
  readonly rows: readonly TraceRow[];
  readonly speed: ReplaySpeed;
  /** The name of the trace's file, where it came from one. */
  readonly trace?: string;
  readonly onAnswer: () => void;
}

/** Replays the trace as an organisation of its own, waits until every event is settled, and reports what was billed. */
export async function runDemo({ relayUrl, control, rows, speed, trace, onAnswer }: DemoRun): Promise<DemoReport> {
  const organisationId = `demo-${Date.now().toString(36)}`;
  const { keys } = await createDemoOrganisation(control, organisationId);
  await awaitKeys(relayUrl, keys);

  const startedMs = performance.now();
  const replay = await replayTrace(rows, { relayUrl, keys, speed, onAnswer });
  const run = await settle(control, {
    organisationId,
    events: replay.requests - replay.failedRequests,
    orMore: replay.retriedConnections + replay.failedRequests > 0,
  });
  const durationSeconds = (performance.now() - startedMs) / 1000;

  const [byTeam, byModel] = await Promise.all([
    spendBy('team', control, organisationId),
    spendBy('model', control, organisationId),
  ]);
  const traceName = trace === undefined ? {} : { trace };
  return writeReport({ organisationId, ...traceName, replay, run, durationSeconds, byTeam, byModel });
}

async function spendBy(dimension: SpendDimension, control: ControlApi, organisationId: string) {
  const path = `/v1/organisations/${organisationId}/spend?groupBy=${dimension}`;
  const answer = z.object({ data: z.array(spendRow) });
  return (await callControl(control, { method: 'GET', path, answer })).data;
}
