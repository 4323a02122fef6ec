/** A promise that was not kept. */

export class Breach extends Error {
  readonly promise: string;

  constructor(promise: string, what: string) {
    super(`${promise}: ${what}`);
    this.name = 'Breach';
    this.promise = promise;
  }
}
