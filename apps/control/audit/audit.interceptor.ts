import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { catchError, mergeMap, type Observable } from 'rxjs';
import { DataSource } from 'typeorm';
import { IDENTIFIER } from '#contracts/streams.js';
import { asApiError } from '../errors/as-api-error.js';
import { type Act, actOf } from './act.js';
import { type Change, recordChange } from './record-change.js';
import { type ValidatedRequest, validatedRequest } from './validated-request.js';

const RECORDS_ITSELF = 'control.records-itself';

export const RecordsItself = () => SetMetadata(RECORDS_ITSELF, true);

/**
 * Records what is changed in other apps, where no transaction of ours reaches: that it is asked for, before it is, and
 * what became of it. Killed in between, the first entry stays alone, and says that it may have happened. Of a request that
 * is not valid there is its refusal alone: what it says is anybody's text, a secret in the wrong field perhaps.
 */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  readonly #log = new Logger(AuditInterceptor.name);

  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (reads || this.reflector.get<boolean>(RECORDS_ITSELF, context.getHandler())) return next.handle();
    const act = actOf(context);
    const valid = await validatedRequest(context);
    const about = subjectOf(request, valid);
    if (valid !== undefined) {
      // What a payment provider sends may say more of a person than we need; the ledger keeps what counts.
      const asked = act.caller === undefined ? {} : { after: valid.body };
      await recordChange(this.source, act, { ...about, stage: 'asked', ...asked });
    }
    return next.handle().pipe(
      catchError(async (thrown: unknown) => {
        const { status, code, message } = asApiError(thrown);
        await this.#conclude(act, { ...about, stage: status < 500 ? 'refused' : 'failed', after: { code, message } });
        throw thrown;
      }),
      mergeMap(async (answer: unknown) => {
        await this.#conclude(act, { ...about, stage: 'done', after: answer });
        return answer;
      }),
    );
  }

  /** What happened is answered as it is, also when it cannot be recorded: what was asked for is on record already. */
  async #conclude(act: Act, change: Change): Promise<void> {
    try {
      await recordChange(this.source, act, change);
    } catch (error) {
      this.#log.error(`The audit log does not say what became of ${act.action}, request ${act.requestId}.`, error);
    }
  }
}

function subjectOf(
  { params, caller }: FastifyRequest,
  valid: ValidatedRequest | undefined,
): Pick<Change, 'organisationId' | 'target'> {
  const { org: _, ...target } = valid?.params ?? {};
  // The guard has seen that there is such an organisation.
  const { org } = params as { readonly org?: string };
  const named = (valid?.body as { readonly organisationId?: unknown } | undefined)?.organisationId;
  const organisationId = org ?? (caller?.scope === 'organisation' ? caller.organisationId : named);
  // A payment provider's event may have any field of its own.
  const isOne = typeof organisationId === 'string' && IDENTIFIER.test(organisationId);
  return { organisationId: isOne ? organisationId : undefined, target };
}
