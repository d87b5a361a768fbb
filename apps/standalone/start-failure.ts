/** Tollgate cannot start as things are. The message says why and what to do; a stack would say nothing more. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
}
