import { Controller, Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { lease, listLeases, renewLease, settleLease } from '#contracts/requests/leases.js';
import { Answers } from '#jetstream/handlers.js';
import { answer } from '../answer.js';
import { grantLease } from './grant-lease.js';
import { readLeases } from './read-leases.js';
import { prolongLease } from './renew-lease.js';
import { settleHold } from './settle-lease.js';

@Controller()
export class LeasesController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Answers(lease)
  lease(request: z.infer<typeof lease.request>) {
    return answer(grantLease(this.source, request));
  }

  @Answers(renewLease)
  renew(request: z.infer<typeof renewLease.request>) {
    return answer(prolongLease(this.source, request));
  }

  @Answers(settleLease)
  settle(request: z.infer<typeof settleLease.request>) {
    return answer(settleHold(this.source, request));
  }

  @Answers(listLeases)
  leases(request: z.infer<typeof listLeases.request>) {
    return answer(readLeases(this.source, request));
  }
}
