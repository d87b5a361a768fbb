import { Catch, UseFilters, applyDecorators } from '@nestjs/common';
import type { RpcExceptionFilter } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { throwError } from 'rxjs';
import type { z } from 'zod';
import type { ChargeEvent } from '#contracts/charge.js';
import type { LogPosition } from '#contracts/cloud-event.js';
import type { Quarantined } from '#contracts/quarantine.js';
import type { RequestContract } from '#contracts/requests/request.js';
import type { UsageEvent } from '#contracts/usage-event.js';

/** Only our strategy takes these handlers, whatever other transports an app has. */
export const JETSTREAM_TRANSPORT = Symbol('jetstream');

interface Events {
  usage: UsageEvent;
  charges: ChargeEvent;
}

/** The streams whose messages are batches of events. */
export type StreamKey = keyof Events;
export type EventOf<Key extends StreamKey> = Events[Key];
export type AnyEvent = EventOf<StreamKey>;

/** An event and its place in the log. */
export interface Delivered<Event> {
  readonly event: Event;
  readonly position: LogPosition;
}

/** An event that its handler will never be able to take: it is parked on QUARANTINE and acknowledged. */
export interface Rejection<Event = AnyEvent> {
  readonly delivered: Delivered<Event>;
  readonly reason: Quarantined['reason'];
}

export interface ConsumerOptions<Key extends StreamKey = StreamKey> {
  readonly stream: Key;
  /** The durable consumer's name. It outlives the process, and belongs to one app. */
  readonly consumer: string;
  /** The most events that a call gets, unless one message alone holds more. */
  readonly maxEvents: number;
  /** How long a call waits for more events after the first. */
  readonly maxWaitMs: number;
}

/** Decorates a method of this form or a narrower one. */
type DecoratorOf<Form> = <Method extends Form>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Hands the events of a stream to a controller's method in batches, in log order, one batch at a time, at least once.
 * When it resolves, its rejections are parked and all is acknowledged; when it throws, all is delivered again.
 */
export function ConsumesEvents<Key extends StreamKey>(
  options: ConsumerOptions<Key>,
): DecoratorOf<(deliveries: readonly Delivered<EventOf<Key>>[]) => Promise<readonly Rejection[]>> {
  return applyDecorators(
    EventPattern<string>(`${options.stream}:${options.consumer}`, JETSTREAM_TRANSPORT, { consumes: options }),
    UseFilters(KeepError),
  );
}

/** Answers a request contract over core NATS. The instances of an app share the questions. */
export function Answers<Request extends z.ZodType, Reply extends z.ZodType>(
  contract: RequestContract<Request, Reply>,
): DecoratorOf<(request: z.output<Request>) => z.input<Reply> | Promise<z.input<Reply>>> {
  return applyDecorators(
    MessagePattern(contract.subject, JETSTREAM_TRANSPORT, { answers: contract }),
    UseFilters(KeepError),
  );
}

/** Nest's own filter turns an error into "Internal server error" before the transport can see which it was. */
@Catch()
class KeepError implements RpcExceptionFilter {
  catch(error: unknown) {
    return throwError(() => error);
  }
}
