import { startPostgres } from './postgres.js';

/** A process of its own that starts PostgreSQL and can be killed: prints the server's pid when it is ready. */
const [dataDir = '', logFile = '', port = ''] = process.argv.slice(2);
const passwords = { superuserPassword: 'test', ownerPassword: 'test' };
const { pid } = await startPostgres({ dataDir, logFile, port: Number(port), durable: false, ...passwords });
process.stdout.write(`${pid}\n`);
