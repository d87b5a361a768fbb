import type { UsageApi } from '#usage/usage-api.js';
import { chatApis } from '#protocols/chat/chat-api.js';
import type { ChannelCall } from '../adapter.js';

export const CLIENT_MODEL = 'model-of-the-client';
export const UPSTREAM_MODEL = 'model-of-the-upstream';

/** A call as clients may send it. */
export interface SampleCall {
  readonly about: string;
  readonly call: ChannelCall;
  /** Of the body: may not be different upstream. */
  readonly untouchable: Buffer;
  /** The client's own credentials, none of which may go upstream. */
  readonly marks: readonly string[];
}

const CREDENTIAL_HEADERS = [
  ...['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'x-goog-user-project', 'x-amz-security-token'],
  ...['x-litellm-api-key', 'ocp-apim-subscription-key', 'proxy-authorization', 'cookie', 'openai-organization'],
  'x-tollgate-metadata',
];
const QUERY_KEY = 'client-credential-in-the-query';

/** What a parser and a writer would change: a large number, a number's form, a repeated name, an escape, white space. */
const UNTOUCHABLE = Buffer.from(
  String.raw`"seed":12345678901234567890, "top_p":1.0,"user":"a","user":"b","text":"\u00e9é","stream"`,
);

/** Each API's calls: as its own clients make them, streaming and not, and converted from another API. */
export function clientCalls(api: UsageApi): SampleCall[] {
  const isChat = (chatApis as readonly UsageApi[]).includes(api);
  const own = [false, true].map((stream) => jsonCall(api, stream, true));
  return [
    ...own,
    ...(isChat ? [false, true].map((stream) => jsonCall(api, stream, false)) : []),
    ...(api === 'audio' || api === 'images' ? [formCall(api)] : []),
  ];
}

const ownPaths: Partial<Record<UsageApi, string>> = { images: '/images/edits', audio: '/audio/translations' };

function jsonCall(api: UsageApi, stream: boolean, own: boolean): SampleCall {
  const model = MODEL_IN_PATH.has(api) ? '' : `"model":"${CLIENT_MODEL}",`;
  const body = Buffer.from(`{ ${model}${UNTOUCHABLE.toString()}:${stream}}`);
  const about = `${own ? 'as its clients call it' : 'converted'}${stream ? ', streaming' : ''}`;
  const path = own ? ownPath(api, stream) : undefined;
  return sampleCall(about, { api, stream, body, type: 'application/json', path });
}

function formCall(api: UsageApi): SampleCall {
  const part = (name: string, value: string) =>
    `--boundary\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const body = Buffer.from(`${part('file', UNTOUCHABLE.toString())}${part('model', CLIENT_MODEL)}--boundary--\r\n`);
  const type = 'multipart/form-data; boundary=boundary';
  return sampleCall('as a form', { api, stream: false, body, type, path: ownPaths[api] });
}

/** Of these the model's name is in the path. */
const MODEL_IN_PATH: ReadonlySet<UsageApi> = new Set(['gemini', 'bedrock-converse']);

function ownPath(api: UsageApi, stream: boolean): string | undefined {
  return api === 'gemini' ? `/models/{model}:${stream ? 'streamGenerateContent' : 'generateContent'}` : ownPaths[api];
}

interface SampleParts extends Pick<ChannelCall, 'api' | 'stream' | 'body'> {
  readonly type: string;
  readonly path: string | undefined;
}

function sampleCall(about: string, { type, path, ...call }: SampleParts): SampleCall {
  const credentials = CREDENTIAL_HEADERS.map((header) => [header, `client-credential-in-${header}`] as const);
  return {
    about,
    untouchable: UNTOUCHABLE,
    marks: [...credentials.map(([, mark]) => mark), QUERY_KEY],
    call: {
      ...call,
      ...(path !== undefined && { path }),
      requestId: 'request',
      method: 'POST',
      query: `?key=${QUERY_KEY}&access_token=${QUERY_KEY}&beta=true`,
      model: CLIENT_MODEL,
      headers: { ...Object.fromEntries(credentials), 'content-type': type, 'user-agent': 'conformance' },
    },
  };
}
