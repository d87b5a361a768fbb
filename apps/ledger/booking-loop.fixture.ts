import { bookCharges } from './book-charges.js';
import { deliveredCharge } from './charge-event.fixture.js';
import { connectLedger } from './test-ledger.fixture.js';

/** A process of its own that books event after event, until it is killed: `<database url> <organisation>`. */
const [, , url = '', org = ''] = process.argv;
const source = await connectLedger(url);
for (let number = 0; ; number += 1) {
  await bookCharges(source, [deliveredCharge({ org, id: `event-${number}`, amount: 3n, cost: 1n })]);
  // Told after it is booked: who reads this may rely on it.
  process.stdout.write(`${number}\n`);
}
