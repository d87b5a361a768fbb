import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CONTROL_CONFIG, type ControlConfig } from '../control.config.js';
import { ApiError } from '../errors/api-error.js';
import {
  type Refusal,
  type SignedRequest,
  verifyStandardSignature,
  verifyStripeSignature,
} from './verify-signature.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes of a JSON body. See http-server.ts. */
    rawBody?: Buffer;
  }
}

/** Lets only through what Stripe has signed. Before anything in the body is looked at. */
@Injectable()
export class StripeSignatureGuard implements CanActivate {
  constructor(@Inject(CONTROL_CONFIG) private readonly config: ControlConfig) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const signed = signedRequest(request, 'TOLLGATE_STRIPE_WEBHOOK_SECRET', this.config);
    return allow(verifyStripeSignature(headerOf(request, 'stripe-signature'), signed));
  }
}

/** Lets only through what is signed by Standard Webhooks. */
@Injectable()
export class StandardSignatureGuard implements CanActivate {
  constructor(@Inject(CONTROL_CONFIG) private readonly config: ControlConfig) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const signed = signedRequest(request, 'TOLLGATE_PAYMENT_WEBHOOK_SECRET', this.config);
    const headers = {
      id: headerOf(request, 'webhook-id'),
      timestamp: headerOf(request, 'webhook-timestamp'),
      signature: headerOf(request, 'webhook-signature'),
    };
    return allow(verifyStandardSignature(headers, signed));
  }
}

type SecretName = 'TOLLGATE_STRIPE_WEBHOOK_SECRET' | 'TOLLGATE_PAYMENT_WEBHOOK_SECRET';

function signedRequest(request: FastifyRequest, name: SecretName, config: ControlConfig): SignedRequest {
  const secret = config[name];
  if (secret === undefined) {
    throw new ApiError(404, 'webhook_not_configured', `This webhook is not in use: ${name} is not set.`);
  }
  return { body: request.rawBody ?? Buffer.alloc(0), secret, nowSeconds: Math.floor(Date.now() / 1000) };
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

const sentences: Record<NonNullable<Refusal>, string> = {
  header_missing: 'The request is not signed: the headers of the signature are missing.',
  header_unreadable: 'The signature cannot be read: its headers are not in the form of scheme v1.',
  signature_wrong: 'The signature is wrong: it is not made with the secret of this endpoint over these very bytes.',
  outside_tolerance: 'The signature is older than five minutes, or from the future: it may be a replay.',
};

function allow(refusal: Refusal): true {
  if (refusal === undefined) return true;
  throw new ApiError(401, `signature_${refusal.replace(/^signature_/, '')}`, sentences[refusal]);
}
