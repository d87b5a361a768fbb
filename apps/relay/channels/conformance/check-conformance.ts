import { inspect } from 'node:util';
import type { UsageApi } from '#usage/usage-api.js';
import { Refusal } from '#protocols/error-body.js';
import type { ChannelAdapter, ChannelCall, ChannelSettings, PreparedRequest } from '../adapter.js';
import { type Channel, openChannel } from '../channel.js';
import { ChannelTable } from '../channel-table.js';
import { prepareRequest } from '../prepare-request.js';
import { CLIENT_MODEL, clientCalls, type SampleCall, UPSTREAM_MODEL } from './client-calls.js';

/** What the suite cannot know of an adapter. */
export interface ConformanceSample {
  /** For an adapter without an address of its own. */
  readonly baseUrl?: string;
  readonly settings?: ChannelSettings;
}

const SECRET = 'secret-of-the-channel';
const NOW = new Date('2026-07-01T00:00:00Z');

/**
 * Whether an adapter, of ours or from outside, does what the relay relies on. It asks no network.
 * @returns a sentence for everything that it does not.
 */
export function checkConformance(adapter: ChannelAdapter, sample: ConformanceSample = {}): string[] {
  const findings = [...checkSecrets(adapter, sample)];
  for (const api of Object.keys(adapter.apis) as UsageApi[]) {
    for (const call of clientCalls(api)) {
      const where = `${api}, ${call.about}`;
      try {
        findings.push(...checkCall(call, adapter, sample).map((finding) => `${where}: ${finding}`));
      } catch (error) {
        findings.push(`${where}: it throws: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  return findings;
}

function checkCall(sampleCall: SampleCall, adapter: ChannelAdapter, sample: ConformanceSample): string[] {
  const { call, marks } = sampleCall;
  const [kept, renamed] = [CLIENT_MODEL, UPSTREAM_MODEL].map((model) => prepare(call, { adapter, sample, model }));
  const again = prepare(call, { adapter, sample, model: CLIENT_MODEL });
  return [
    ...checkDestination(kept!, open(adapter, sample, CLIENT_MODEL)),
    ...checkCredentials(kept!, marks),
    ...checkBody(sampleCall, kept!, adapter),
    ...checkRenamed(sampleCall, renamed!),
    ...(inspect(again) === inspect(kept) ? [] : ['the same call is not prepared the same way twice.']),
  ];
}

function checkDestination({ origin, path }: PreparedRequest, channel: Channel): string[] {
  const findings: string[] = [];
  if (origin !== channel.origin) findings.push(`it goes to ${origin}, not to the channel's ${channel.origin}.`);
  if (!/^\/[\x21-\x7e]*$/.test(path)) findings.push(`"${path}" is no path.`);
  if (/[{}]|undefined|null|\/\//.test(path)) findings.push(`the path "${path}" is not filled in.`);
  return findings;
}

/** The channel's credential is in a header and nowhere else, and the client's are nowhere. */
function checkCredentials({ path, headers, body }: PreparedRequest, marks: readonly string[]): string[] {
  const text = inspect(headers) + path + body.toString('latin1');
  const findings = marks
    .filter((mark) => text.includes(mark))
    .map((mark) => `what the client sent as ${mark} goes upstream.`);
  if (!inspect(headers).includes(SECRET)) findings.push('no header carries the credential of the channel.');
  if (path.includes(SECRET)) findings.push('the credential of the channel is in the path, where logs would show it.');
  if (body.includes(SECRET)) findings.push('the credential of the channel is in the body.');
  return findings;
}

/** Large numbers, repeated names and escapes are the client's: JSON that was parsed and written again would lose them. */
function checkBody({ call, untouchable }: SampleCall, { body }: PreparedRequest, adapter: ChannelAdapter): string[] {
  if (!body.includes(untouchable)) return ['the body was written anew: bytes of the client are changed or lost.'];
  return adapter.prepare === undefined && !body.equals(call.body) ? ['the body is not as the client sent it.'] : [];
}

function checkRenamed({ untouchable }: SampleCall, { path, body }: PreparedRequest): string[] {
  const findings: string[] = [];
  if (path.includes(CLIENT_MODEL) || body.includes(CLIENT_MODEL)) {
    findings.push("the client's name of a model goes upstream, where another is mapped to it.");
  }
  if (!path.includes(UPSTREAM_MODEL) && !body.includes(UPSTREAM_MODEL)) {
    findings.push("neither the path nor the body has the upstream's name of the model.");
  }
  if (!body.includes(untouchable)) findings.push('to rename the model the body was written anew.');
  return findings;
}

function checkSecrets(adapter: ChannelAdapter, sample: ConformanceSample): string[] {
  const findings: string[] = [];
  const channel = open(adapter, sample, CLIENT_MODEL);
  if (`${inspect(channel, { depth: 10 })}${JSON.stringify(channel)}`.includes(SECRET)) {
    findings.push('the channel shows its secret when it is printed.');
  }
  const throwing = { ...adapter, openCredential: undefined, prepare: undefined, sign: throwSecret } as never;
  try {
    prepare(clientCalls(channel.apis[0]!)[0]!.call, { adapter: throwing, sample, model: CLIENT_MODEL });
  } catch (error) {
    if (inspect(error).includes(SECRET)) findings.push('an error shows the secret of the channel.');
  }
  findings.push(...checkOpening(adapter, sample));
  return findings;
}

/** A secret that is of no use may be told so; it may not be shown. */
function checkOpening({ openCredential }: ChannelAdapter, { settings = {} }: ConformanceSample): string[] {
  const told: unknown[] = [];
  try {
    openCredential?.(SECRET, settings, (...complaint) => told.push(complaint)).close();
  } catch (error) {
    told.push(error);
  }
  return inspect(told).includes(SECRET) ? ['a complaint about its secret shows it.'] : [];
}

function throwSecret(_request: PreparedRequest, { secret }: { readonly secret: string }): never {
  throw new Error(`a mistake with ${secret}`);
}

interface Preparing {
  readonly adapter: ChannelAdapter;
  readonly sample: ConformanceSample;
  /** What the upstream calls the client's model. */
  readonly model: string;
}

function prepare(call: ChannelCall, { adapter, sample, model }: Preparing): PreparedRequest {
  const [candidate] = new ChannelTable([open(adapter, sample, model)]).candidates(call.api, CLIENT_MODEL);
  const prepared = prepareRequest(call, candidate!, NOW);
  if (prepared instanceof Refusal) throw new Error(prepared.message);
  return prepared;
}

/** What a secret is exchanged for is asked from others: here it is its own token. */
function open(adapter: ChannelAdapter, sample: ConformanceSample, model: string): Channel {
  const { openCredential: _exchanged, ...direct } = adapter;
  const needed = Object.entries(adapter.settings ?? {}).map(([name, { default: usual }]) => [name, usual ?? 'sample']);
  const settings = { ...(Object.fromEntries(needed) as ChannelSettings), ...sample.settings };
  const known = adapter.baseUrl === undefined ? { baseUrl: 'https://conformance.example' } : {};
  const described = {
    ...known,
    ...sample,
    id: 'conformance',
    adapter: adapter.name,
    models: { [CLIENT_MODEL]: model },
  };
  return openChannel({ ...described, settings }, { adapter: direct, secret: SECRET, complain: () => undefined });
}
