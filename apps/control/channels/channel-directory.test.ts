import { expect, it, jest } from '@jest/globals';
import { eventually } from '#jetstream/eventually.fixture.js';
import { ChannelDirectory } from './channel-directory.js';

it('a change that fails to be told while an earlier one is made good is made good as well', async () => {
  const directory = new ChannelDirectory({} as never, {} as never);
  let endFirstRepair = () => {};
  const firstRepair = new Promise<void>((resolve) => (endFirstRepair = resolve));
  const sync = jest.spyOn(directory, 'sync');
  const away = new Error('NATS is away.');
  sync.mockRejectedValueOnce(away).mockReturnValueOnce(firstRepair).mockRejectedValueOnce(away).mockResolvedValue();

  await expect(directory.tell()).rejects.toMatchObject({ code: 'relays_not_told' });
  await expect(directory.tell()).rejects.toMatchObject({ code: 'relays_not_told' });
  expect(directory.inSync).toBe(false);
  endFirstRepair();

  await eventually(() => expect(directory.inSync).toBe(true));
  expect(sync).toHaveBeenCalledTimes(4);
});
