/**
 * no-agent: nobody listens. denied: not in the socket's group. no-answer: connected, but no reply in time or the
 * connection ended. bad-answer: what came is no reply. cannot-listen: the agent could not open its socket.
 */
export type ControlFailure = 'no-agent' | 'denied' | 'no-answer' | 'bad-answer' | 'cannot-listen';

/** The control socket failed; the message says what to do. A request that the agent refuses is a reply, not this. */
export class ControlError extends Error {
  readonly failure: ControlFailure;

  constructor(failure: ControlFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ControlError';
    this.failure = failure;
  }
}
