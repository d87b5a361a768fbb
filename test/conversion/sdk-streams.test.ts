import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { canonicalJson } from '#contracts/canonical-json.js';
import { chatApis, type ChatApi } from '#protocols/chat/chat-api.js';
import { StreamConversion } from '#protocols/convert-stream.js';
import { answeringServer } from './answering-server.js';
import { streams } from './own-streams.js';
import { found, recordedStreams } from './recordings.js';
import { officialSdk, readWithAi, type SdkAnswer } from './sdk-answer.js';

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

/**
 * What a client gets out of a recording itself; an Error where the upstream reported one in its stream. Google's SDK
 * knows no arguments that come in pieces, the ai SDK does.
 * @returns undefined when its own SDK cannot read it: events of built-in tools, or cut by hand.
 */
async function readOriginal(body: Buffer, api: ChatApi): Promise<SdkAnswer | Error | undefined> {
  upstream.answer = body;
  if (body.includes('"partialArgs"')) return readWithAi(api, upstream.url, []);
  return officialSdk[api](upstream.url).catch((error: Error) => (body.includes('"error":{') ? error : undefined));
}

/** Some recordings are two answers one after another, which no upstream sends. */
const isOneAnswer = (body: Buffer) =>
  ['response.created', 'message_stop'].every((type) => body.toString().split(`"type":"${type}"`).length <= 2);

describe(found ? 'recorded streams' : 'recorded streams (none here: set TOLLGATE_RECORDINGS to read them)', () => {
  it.each(chatApis)(
    'of %s give the same text, calls and stop in every other protocol',
    async (api) => {
      const wrong: unknown[] = [];
      let compared = 0;
      const recorded = recordedStreams(api);
      for (const { name, provider, body } of recorded) {
        if (!isOneAnswer(body)) continue;
        const original = await readOriginal(body, api);
        if (original === undefined) continue;
        for (const to of targets(api)) {
          const converted = convert(body, api, to, provider);
          const official = await read(converted, to).catch((error: Error) => error);
          if (!isSame(official, original)) wrong.push({ file: name, to, sdk: 'official', original, answer: official });
          if (original instanceof Error) continue;
          const ai = await readAi(converted, to, original).catch((error: Error) => error);
          if (!isSame(ai, original)) wrong.push({ file: name, to, sdk: 'ai', original, answer: ai });
        }
        compared += 1;
      }
      expect(wrong).toEqual([]);
      // Not so few that nothing was shown.
      if (found) expect(compared).toBeGreaterThan(recorded.length / 2);
    },
    600_000,
  );
});

function isSame(answer: SdkAnswer | Error, original: SdkAnswer | Error): boolean {
  if (answer instanceof Error || original instanceof Error) return answer instanceof Error && original instanceof Error;
  // A stop that the original does not tell, or that only its own protocol knows, has no counterpart.
  const stop = original.stop === undefined || original.stop === 'other' ? answer.stop : original.stop;
  return canonicalJson(answer) === canonicalJson({ ...original, stop });
}
