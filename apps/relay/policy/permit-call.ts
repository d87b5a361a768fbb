import type { IncomingMessage } from 'node:http';
import type { AddressRanges } from '#policy/address-ranges.js';
import { clientAddress } from '#policy/client-address.js';
import { Refusal } from '#protocols/error-body.js';
import type { Caller } from '../authenticate/key-directory.js';
import type { ModelCall } from '../receive/read-call.js';
import { checkPolicy, type Permitted } from './check-policy.js';
import { METADATA_HEADER, type Metadata, readMetadata } from './read-metadata.js';

export interface PermittedCall extends Permitted {
  readonly metadata: Metadata;
}

type Asked = Pick<ModelCall, 'operation' | 'json'> & { readonly model?: string | undefined };

/** What the policies of its caller make of a request, by what it asks and where it comes from. */
export function permitCall(
  { operation, model, json }: Asked,
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  { policies }: Caller,
  trustedProxies: AddressRanges,
): PermittedCall | Refusal {
  const metadata = readMetadata(headers[METADATA_HEADER], json);
  if (metadata instanceof Refusal) return metadata;
  const address = () => clientAddress(socket.remoteAddress, headers['x-forwarded-for'], trustedProxies);
  const permitted = checkPolicy({ operation, model, json, address, metadata }, policies);
  return permitted instanceof Refusal ? permitted : { model: permitted.model, regions: permitted.regions, metadata };
}
