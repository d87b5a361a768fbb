import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { z } from 'zod';
import { ApiError } from './api-error.js';

/** Holds every `@Body`, `@Query` and `@Param` to its schema. The only place where input is validated. */
export const validationPipe = new StandardSchemaValidationPipe({
  // Our schemas are zod's, and so are their issues.
  exceptionFactory: (issues) => invalidInput(issues as readonly z.core.$ZodIssue[]),
});

/** The first of the issues: one is enough to go on with. */
function invalidInput([issue]: readonly z.core.$ZodIssue[]): ApiError {
  if (issue?.code === 'unrecognized_keys') {
    const param = issue.keys[0] ?? '';
    return new ApiError(400, 'invalid', `${param}: there is no such field or parameter here.`, { param });
  }
  if (issue === undefined || issue.path.length === 0) {
    return new ApiError(400, 'invalid', 'Send a JSON object as the body, with "content-type: application/json".');
  }
  const param = issue.path.map(String).join('.');
  return new ApiError(400, 'invalid', `${param}: ${issue.message}.`, { param });
}
