import { request } from 'undici';
import { z } from 'zod';
import { DemoFailure } from './demo-failure.js';

/** The management API of an instance, and the token that may use all of it. */
export interface ControlApi {
  readonly url: string;
  readonly token: string;
}

interface Call<Answer extends z.ZodType> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answer: Answer;
}

const refusal = z.object({ error: z.object({ message: z.string() }) });

/** What control refused, and why. 503 may pass: something that it needs is away. */
export class ControlRefusal extends DemoFailure {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** @throws ControlRefusal that names the call, and what control said. */
export async function callControl<Answer extends z.ZodType>(
  api: ControlApi,
  { method, path, body, headers, answer }: Call<Answer>,
): Promise<z.infer<Answer>> {
  const response = await request(new URL(path, api.url), {
    method,
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json', ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const json = await response.body.json();
  if (response.statusCode < 300) return answer.parse(json);
  const { data } = refusal.safeParse(json);
  const why = data?.error.message ?? 'no reason';
  throw new ControlRefusal(response.statusCode, `control answered ${response.statusCode} to ${method} ${path}: ${why}`);
}
