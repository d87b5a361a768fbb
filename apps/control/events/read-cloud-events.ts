import type { IncomingHttpHeaders } from 'node:http';

const attributeHeader = /^ce-([a-z0-9]{1,20})$/;

/**
 * The events of a request by the HTTP protocol binding of CloudEvents 1.0: one or a batch as JSON in the body, or one whose
 * attributes are headers and whose data is the body. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
export function readCloudEvents(headers: IncomingHttpHeaders, body: unknown): readonly unknown[] {
  if (headers['ce-specversion'] === undefined) return Array.isArray(body) ? body : [body];
  const attributes = Object.entries(headers).flatMap(([header, value]) => {
    const [, attribute] = attributeHeader.exec(header) ?? [];
    return attribute === undefined || typeof value !== 'string' ? [] : [[attribute, decoded(value)] as const];
  });
  return [{ ...Object.fromEntries(attributes), datacontenttype: 'application/json', data: body }];
}

/** Header values are percent-encoded where HTTP cannot say them. What is not is taken as it stands. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    if (error instanceof URIError) return value;
    throw error;
  }
}
