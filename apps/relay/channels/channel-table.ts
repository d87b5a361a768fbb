import { chatApis, type ChatApi } from '#protocols/chat/chat-api.js';
import { Refusal } from '#protocols/error-body.js';
import type { UsageApi } from '#usage/usage-api.js';
import { type Channel, mayUse } from './channel.js';

/** A channel that can serve a model, and how it has to be spoken to. */
export interface Candidate {
  readonly channel: Channel;
  /** What the upstream speaks: another than the client's where the call has to be converted. */
  readonly api: UsageApi;
  readonly upstreamModel: string;
}

/** Which channels there are: those of the file, and those that control keeps. */
export class ChannelTable {
  #channels: readonly Channel[] = [];
  #byModel: ReadonlyMap<string, readonly Channel[]> = new Map();
  readonly #kept = new Map<string, Channel>();
  /** Of the models that were asked for since the channels changed: those that are served bound it. */
  readonly #candidates = new Map<string, readonly Candidate[]>();

  constructor(private readonly fixed: readonly Channel[]) {
    this.#index();
  }

  get channels(): readonly Channel[] {
    return this.#channels;
  }

  /** @returns false when the channels file has one of this id, which stays. */
  put(channel: Channel): boolean {
    if (this.fixed.some(({ id }) => id === channel.id)) return false;
    this.remove(channel.id);
    this.#kept.set(channel.id, channel);
    this.#index();
    return true;
  }

  /** Requests that are under way keep the channel they have. */
  remove(id: string): void {
    this.#kept.get(id)?.credential?.close();
    if (this.#kept.delete(id)) this.#index();
  }

  /**
   * Every channel that can serve a model to a client of this API: those that speak it, then those to which the call can
   * be converted; among equals in the order in which they were described.
   */
  candidates(api: UsageApi, model: string, mayConvert = isChatApi(api)): readonly Candidate[] {
    const channels = this.#byModel.get(model);
    if (channels === undefined) return NO_CANDIDATES;
    const name = `${mayConvert ? 'or converted ' : ''}${api} ${model}`;
    let candidates = this.#candidates.get(name);
    if (candidates === undefined) {
      candidates = candidatesAmong(channels, model, { api, mayConvert });
      this.#candidates.set(name, candidates);
    }
    return candidates;
  }

  /** Why there is no candidate for a caller of this organisation. */
  refusal(api: UsageApi, model: string, orgId?: string): Refusal {
    const name = model.length > 100 ? `${model.slice(0, 100)}…` : model;
    const channels = (this.#byModel.get(model) ?? []).filter((channel) => mayUse(channel, orgId));
    return channels.length === 0
      ? new Refusal(
          'model_not_found',
          `No channel serves the model "${name}": GET /v1/models lists those that are served.`,
          'model',
        )
      : new Refusal(
          'invalid_request',
          `The model "${name}" is not served through ${api}. It is through ${apisOf(channels).join(', ')}.`,
          'model',
        );
  }

  /**
   * The models that a client of this protocol and organisation can call. OpenAI's has embeddings and other models that do
   * not chat too.
   */
  models(protocol: ChatApi, orgId?: string): { id: string; provider: string }[] {
    return [...this.#byModel].flatMap(([id, channels]) => {
      const others = protocol === 'openai-chat' ? channels : [];
      const able = [...this.candidates(protocol, id).map(({ channel }) => channel), ...others];
      const first = able.find((channel) => mayUse(channel, orgId));
      return first === undefined ? [] : [{ id, provider: first.provider }];
    });
  }

  close(): void {
    for (const { credential } of this.#channels) credential?.close();
  }

  #index(): void {
    this.#channels = [...this.fixed, ...this.#kept.values()];
    const byModel = new Map<string, Channel[]>();
    for (const channel of this.#channels) {
      for (const model of channel.models.keys()) byModel.set(model, [...(byModel.get(model) ?? []), channel]);
    }
    this.#byModel = byModel;
    this.#candidates.clear();
  }
}

const NO_CANDIDATES: readonly Candidate[] = [];

function candidatesAmong(
  channels: readonly Channel[],
  model: string,
  { api, mayConvert }: { readonly api: UsageApi; readonly mayConvert: boolean },
): readonly Candidate[] {
  const candidates = channels.flatMap((channel): Candidate[] => {
    const spoken = mayConvert ? spokenApi(channel, api) : channel.apis.find((served) => served === api);
    const upstreamModel = channel.models.get(model);
    return spoken === undefined || upstreamModel === undefined ? [] : [{ channel, api: spoken, upstreamModel }];
  });
  return [
    ...candidates.filter((candidate) => candidate.api === api),
    ...candidates.filter((candidate) => candidate.api !== api),
  ];
}

function spokenApi(channel: Channel, api: UsageApi): UsageApi | undefined {
  return channel.apis.includes(api) ? api : channel.apis.find(isChatApi);
}

function isChatApi(api: UsageApi): api is ChatApi {
  return (chatApis as readonly UsageApi[]).includes(api);
}

function apisOf(channels: readonly Channel[]): UsageApi[] {
  return [...new Set(channels.flatMap(({ apis }) => apis))];
}
