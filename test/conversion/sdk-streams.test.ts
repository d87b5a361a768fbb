import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chatApis, type ChatApi } from '#protocols/chat/chat-api.js';
import { StreamConversion } from '#protocols/convert-stream.js';
import { answeringServer } from './answering-server.js';
import { streams } from './own-streams.js';
import { officialSdk, readWithAi, type SdkAnswer } from './sdk-answer.js';

// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');
const found = existsSync(join(recordings, 'index.json'));

interface Row {
  readonly file: string;
  readonly api: string;
  readonly format: string;
  readonly provider: string;
}

/** An event per line, as some recordings are kept, becomes the stream that it was. */
function streamBody({ file, format }: Row): Buffer {
  const bytes = readFileSync(join(recordings, file));
  if (!format.startsWith('json-lines')) return bytes;
  const lines = bytes.toString().trim().split('\n');
  return Buffer.from(lines.map((line) => `data: ${line}\n\n`).join(''));
}

const isChatApi = (api: string): api is ChatApi => (chatApis as readonly string[]).includes(api);

function convert(body: Buffer, from: ChatApi, to: ChatApi, provider?: string): Buffer {
  const conversion = new StreamConversion({
    from,
    to,
    model: 'a-model',
    id: 'an-id',
    now: 1_790_000_000,
    ...(provider !== undefined && { provider }),
  });
  return Buffer.concat([conversion.push(body), conversion.end()]);
}

let upstream: Awaited<ReturnType<typeof answeringServer>>;
beforeAll(async () => void (upstream = await answeringServer()));
afterAll(async () => upstream.close());

async function read(body: Buffer, api: ChatApi): Promise<SdkAnswer> {
  upstream.answer = body;
  return officialSdk[api](upstream.url);
}

async function readAi(body: Buffer, api: ChatApi, original: SdkAnswer): Promise<SdkAnswer> {
  upstream.answer = body;
  return readWithAi(
    api,
    upstream.url,
    original.toolCalls.map(({ name }) => name),
  );
}

const targets = (from: ChatApi) => chatApis.filter((to) => to !== from);

describe.each(chatApis)('a stream of %s', (from) => {
  it.each(streams[from])('with $name is the same to every official SDK in every protocol', async ({ body, answer }) => {
    expect(await read(Buffer.from(body), from)).toEqual(answer);
    for (const to of targets(from)) {
      const converted = convert(Buffer.from(body), from, to);
      expect({ to, ...(await read(converted, to)) }).toEqual({ to, ...answer });
      expect({ to, ...(await readAi(converted, to, answer)) }).toEqual({ to, ...answer });
    }
  });
});

describe(found ? 'recorded streams' : 'recorded streams (none here: set TOLLGATE_RECORDINGS to read them)', () => {
  const rows = found ? (JSON.parse(readFileSync(join(recordings, 'index.json'), 'utf8')) as Row[]) : [];

  it.each(chatApis)(
    'of %s give the same text, calls and stop in every other protocol',
    async (api) => {
      const wrong: unknown[] = [];
      for (const row of rows.filter((one) => one.api === api && isChatApi(one.api))) {
        const body = streamBody(row);
        const original = await read(body, api).catch((error: unknown) => String(error));
        if (typeof original === 'string') {
          wrong.push({ file: row.file, original });
          continue;
        }
        for (const to of targets(api)) {
          const converted = convert(body, api, to, row.provider);
          for (const [sdk, reading] of [
            ['official', read(converted, to)],
            ['ai', readAi(converted, to, original)],
          ] as const) {
            const answer = await reading.catch((error: unknown) => String(error));
            try {
              expect(answer).toEqual(original);
            } catch {
              wrong.push({ file: row.file, to, sdk, original, answer });
            }
          }
        }
      }
      expect(wrong).toEqual([]);
    },
    600_000,
  );
});
