import type { ServerResponse } from 'node:http';

export function sendJson(response: ServerResponse, body: object, status = 200): void {
  const json = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(json),
  });
  response.end(json);
}
