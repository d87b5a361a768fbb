import { StandardSchemaValidationPipe } from '@nestjs/common';
import { ApiError } from './api-error.js';

/** The parts of a Standard Schema issue that we show. */
interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Holds every `@Body`, `@Query` and `@Param` to its schema. The only place where input is validated. */
export const validationPipe = new StandardSchemaValidationPipe({ exceptionFactory: invalidInput });

export function invalidInput(issues: readonly Issue[]): ApiError {
  const [issue] = issues;
  const param = issue?.path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  if (issue === undefined || param === undefined || param === '') {
    return new ApiError(400, 'invalid', issue?.message ?? 'The request is invalid.');
  }
  return new ApiError(400, 'invalid', `${param}: ${issue.message}.`.replace(/\.+$/, '.'), { param });
}
