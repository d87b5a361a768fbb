import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

interface RouteArgument {
  readonly schema?: z.ZodType;
}

/** What a request says, as far as its route asks for it, and without secrets. */
export interface ValidatedRequest {
  readonly params: Readonly<Record<string, unknown>>;
  /** Absent when the route takes none. */
  readonly body?: unknown;
}

/**
 * Interceptors run before the pipe that validates: what they see may be anybody's text.
 * @returns undefined for a request that the pipe will refuse.
 */
export async function validatedRequest(context: ExecutionContext): Promise<ValidatedRequest | undefined> {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const [ofParams, ofBody] = [RouteParamtypes.PARAM, RouteParamtypes.BODY].map((kind) => schemaOf(context, kind));
  const params = await (ofParams ?? z.object({})).safeParseAsync(request.params);
  const body = await ofBody?.safeParseAsync(request.body);
  if (!params.success || body?.success === false) return undefined;
  return {
    params: params.data as ValidatedRequest['params'],
    ...(ofBody && body && { body: withoutSecrets(body.data, ofBody) }),
  };
}

/** Of the argument that a handler takes from this part of a request. */
function schemaOf(context: ExecutionContext, kind: RouteParamtypes): z.ZodType | undefined {
  const route = context.getHandler().name;
  const args = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), route) as
    Readonly<Record<string, RouteArgument>> | undefined;
  const found = Object.entries(args ?? {}).find(([name]) => name.startsWith(`${kind}:`));
  return found?.[1].schema;
}

/** Fields that are `writeOnly` in the API's document are shown by nothing, and a log is shown. */
export function withoutSecrets(value: unknown, schema: z.ZodType): unknown {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
  if (typeof value !== 'object' || value === null) return value;
  const isSecret = (name: string) => (properties[name] as z.core.JSONSchema.BaseSchema | undefined)?.writeOnly === true;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !isSecret(name)));
}
