/** Waiting for an event that must come: with a bound, and a message that says what did not. */

export class DeadlineError extends Error {
  constructor(what: string, deadlineMs: number) {
    super(`Waited ${deadlineMs} ms in vain for ${what}`);
    this.name = 'DeadlineError';
  }
}

/** @throws DeadlineError where `event` has not settled within `deadlineMs` */
export async function within<T>(deadlineMs: number, what: string, event: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(what, deadlineMs)), deadlineMs);
  });
  try {
    return await Promise.race([event, late]);
  } finally {
    clearTimeout(timer);
  }
}
