/** The demo cannot be run as it was asked for. The message says why; a stack would say nothing more. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}
