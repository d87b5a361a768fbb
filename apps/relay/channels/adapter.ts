import type { IncomingHttpHeaders } from 'node:http';
import type { UsageApi } from '#usage/usage-api.js';

/** What goes upstream, to the byte. */
export interface PreparedRequest {
  /** Scheme, host and port. */
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A client's call, in an API that the channel's adapter serves: as it came, or converted before. */
export interface ChannelCall {
  readonly requestId: string;
  readonly api: UsageApi;
  readonly method: string;
  /**
   * The operation's own path, below the version and with `{model}` for the model, as `/images/edits`. Absent when the
   * call was converted from another API.
   */
  readonly path?: string | undefined;
  /** As the client sent it, with its `?`; empty when there is none. */
  readonly query: string;
  /** The name by which the client calls the model: the body names it so, unless it is `unnamed` there. */
  readonly model: string;
  readonly unnamed?: boolean;
  readonly stream: boolean;
  /** As the client sent them. Its credentials are left out on the way. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What an adapter sees of a call. */
export interface UpstreamCall extends Pick<ChannelCall, 'api' | 'stream'> {
  /** The upstream's name of the model. */
  readonly model: string;
  /** At the API's own provider, below the version: `/chat/completions`, `/models/gemini-3-pro:generateContent`. */
  readonly path: string;
}

/** What a channel's configuration gives to its adapter under `settings`: text, each by its name. */
export type ChannelSettings = Readonly<Record<string, string>>;

/** A credential that is ready when a request needs it: nobody waits for it on the way. */
export interface CredentialSource {
  /** @returns undefined while there is none: the channel is passed over. */
  current(): string | undefined;
  close(): void;
}

export interface SignerContext {
  readonly secret: string;
  readonly settings: ChannelSettings;
  readonly now: Date;
}

/** @param complain is told why there is no credential. The sentence must not show the secret. */
export type OpenCredential = (
  secret: string,
  settings: ChannelSettings,
  complain: (sentence: string, error?: unknown) => void,
) => CredentialSource;

/**
 * Where an API is found below the base URL. Text is what stands before the call's own path, as `/v1` before
 * `/chat/completions`; a leading version gives way to one that the base URL names. A function gives the whole path.
 */
export type ApiPath = string | ((call: UpstreamCall, settings: ChannelSettings) => string);

/**
 * How a provider or gateway differs from the others: what is not said here is done alike for all. A plain object, so
 * that one from outside needs nothing of ours. docs/examples/channel-adapter shows one.
 */
export interface ChannelAdapter {
  /** By which a channels file names it. */
  readonly name: string;
  /** Whose prices and ways of counting hold: the price book's name. Default: `name`. */
  readonly provider?: string;
  /** Absent where each channel has to state its own. A function builds it of the settings. */
  readonly baseUrl?: string | ((settings: ChannelSettings) => string);
  /** The APIs that it serves: a call in another one is converted, where that can be done. */
  readonly apis: Readonly<Partial<Record<UsageApi, ApiPath>>>;
  /** The settings that a channel must or may have, each with the words for who has left it out. */
  readonly settings?: Readonly<Record<string, { readonly description: string; readonly default?: string }>>;
  /** The header that carries the credential. Default: the one of the API's own provider. `authorization` is a bearer's. */
  readonly credentialHeader?: string;
  /** An OpenAI chat stream may not be asked for its usage: `stream_options` is an error here. */
  readonly refusesStreamOptions?: boolean;
  /**
   * Where a GET costs nothing and needs the credential, below the base URL. Default: `/models` beside the first API whose
   * path is text, which most providers have.
   */
  readonly healthPath?: string;
  /** It has OpenAI's files and batches, where its responses are. */
  readonly batches?: boolean;
  /** What else is different: the last word on the request before its credential. It may not change the origin. */
  readonly prepare?: (request: PreparedRequest, call: UpstreamCall, settings: ChannelSettings) => PreparedRequest;
  /** Instead of a header with the secret: the headers that prove who sends this very request. */
  readonly sign?: (request: PreparedRequest, context: SignerContext) => Readonly<Record<string, string>>;
  /** Where the secret is not the credential itself but is exchanged for one, ahead of time and again and again. */
  readonly openCredential?: OpenCredential;
}
