import { type Api, apiPaths, apis } from '#protocols/api.js';
import { Refusal } from '#protocols/error-body.js';
import type { Channel } from './channel.js';

/** Which channel serves a model in a protocol. Where several do, the first of the file. */
export class ChannelTable {
  readonly #channels: Readonly<Record<Api, ReadonlyMap<string, Channel>>>;

  constructor(readonly channels: readonly Channel[]) {
    this.#channels = {
      'openai-chat': byModel(channels, 'openai-chat'),
      'anthropic-messages': byModel(channels, 'anthropic-messages'),
    };
  }

  find(api: Api, model: string): Channel | Refusal {
    const channel = this.#channels[api].get(model);
    if (channel !== undefined) return channel;
    const name = model.length > 100 ? `${model.slice(0, 100)}…` : model;
    const elsewhere = apis.find((other) => this.#channels[other].has(model));
    return elsewhere === undefined
      ? new Refusal(
          'model_not_found',
          `No channel serves the model "${name}": GET /v1/models lists those that are served.`,
          'model',
        )
      : new Refusal(
          'invalid_request',
          `The model "${name}" is not served here: send it to POST /v1${apiPaths[elsewhere]}.`,
          'model',
        );
  }

  models(api: Api): { id: string; provider: string }[] {
    return [...this.#channels[api]].map(([id, { provider }]) => ({ id, provider }));
  }
}

function byModel(channels: readonly Channel[], api: Api): Map<string, Channel> {
  // In reverse, so that the first of the file is the one that stays.
  const served = channels.filter(({ protocol }) => protocol === api).reverse();
  return new Map(served.flatMap((channel) => channel.models.map((model) => [model, channel] as const)));
}
