import { type DeepPartial, type ObjectLiteral, QueryFailedError, type Repository } from 'typeorm';

/** Inserts a row. A broken constraint of the table is an expected refusal when `refusals` has its name. */
export async function insertRow<Row extends ObjectLiteral>(
  repository: Repository<Row>,
  row: DeepPartial<NoInfer<Row>>,
  refusals: Readonly<Record<string, () => Error>>,
): Promise<Row> {
  const entity = repository.create(row);
  try {
    await repository.insert(entity);
    return entity;
  } catch (error) {
    const refusal = refusals[brokenConstraint(error) ?? ''];
    throw refusal?.() ?? error;
  }
}

function brokenConstraint(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { driverError } = error as QueryFailedError<Error & { constraint?: string }>;
  return driverError.constraint;
}
