import { jetstream } from '@nats-io/jetstream';
import { connectNats } from '#jetstream/connect.js';
import { connectPostgres } from '#postgres/postgres.module.js';
import { takeReports } from './take-reports.js';

/** Takes one report and dies by SIGKILL before or after the log has it: `<nats> <database> <before|after> <report>`. */
const [, , servers = '', url = '', moment = '', report = ''] = process.argv;
const js = jetstream(await connectNats({ servers, name: 'dies' }));
const source = await connectPostgres({ url, role: 'tollgate_control', schema: 'control', applicationName: 'dies' });
const publish = js.publish.bind(js);
js.publish = async (...message) => {
  if (moment === 'before') process.kill(process.pid, 'SIGKILL');
  const ack = await publish(...message);
  process.kill(process.pid, 'SIGKILL');
  return ack;
};
const listPriceBooks = () => Promise.resolve({ current: 'of-the-dead', books: [] });
await takeReports({ source, jetstream: js, listPriceBooks }, { scope: 'platform' }, [JSON.parse(report)]);
