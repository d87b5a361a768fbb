// Portkey's gateway in a process that ends with ours. It listens at the port that it is given, and tells nobody when.
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [folder = '', port = ''] = process.argv.slice(2);
process.argv.splice(2, Infinity, `--port=${port}`, '--headless');
await import(pathToFileURL(join(folder, 'build/start-server.js')).href);

async function isListening(): Promise<boolean> {
  const socket = connect(Number(port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

while (!(await isListening())) await delay(50);
process.send?.({ url: `http://127.0.0.1:${port}` });
process.on('disconnect', () => process.exit(0));
