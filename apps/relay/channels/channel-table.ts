import { type Api, apiPaths, apis } from '#protocols/api.js';
import { Refusal } from '#protocols/error-body.js';
import type { Channel } from './channel.js';

/** Which channels serve a model in a protocol, in the order of the file. */
export class ChannelTable {
  readonly #channels: Readonly<Record<Api, ReadonlyMap<string, readonly Channel[]>>>;

  constructor(readonly channels: readonly Channel[]) {
    this.#channels = {
      'openai-chat': byModel(channels, 'openai-chat'),
      'anthropic-messages': byModel(channels, 'anthropic-messages'),
    };
  }

  find(api: Api, model: string): readonly Channel[] | Refusal {
    const serving = this.#channels[api].get(model);
    if (serving !== undefined) return serving;
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
    return [...this.#channels[api]].map(([id, serving]) => ({ id, provider: serving[0]!.provider }));
  }
}

function byModel(channels: readonly Channel[], api: Api): Map<string, Channel[]> {
  const serving = new Map<string, Channel[]>();
  for (const channel of channels.filter(({ protocol }) => protocol === api)) {
    for (const model of channel.models) serving.set(model, [...(serving.get(model) ?? []), channel]);
  }
  return serving;
}
