// The reference: what node:http and undici alone cost. No authentication, no metering, no journal.
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { listen } from './listen.js';

const upstream = new Pool(process.argv[2] ?? '', { connections: null });

await listen(
  createServer((request, response) => {
    upstream
      .request({ path: request.url ?? '/', method: 'POST', headers: request.headers, body: request })
      .then((answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.body.pipe(response);
      })
      .catch((error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        response.destroy();
      });
  }),
);
