/** Parsed JSON of unknown shape, read field by field: what does not fit throws `Malformed` with the place. */

export class Malformed extends Error {
  /** The field at fault: `assignments[3].owner`. */
  readonly at: string;
  readonly reason: 'malformed-message';

  constructor(at: string) {
    super(at);
    this.at = at;
    this.reason = 'malformed-message';
  }
}

/** A value and where it stands; the place is put together only when it is asked for, because most are never at fault. */
export class Field {
  readonly #value: unknown;
  readonly #parent: Field | null;
  readonly #key: string | number;

  constructor(value: unknown, parent: Field | null = null, key: string | number = '') {
    this.#value = value;
    this.#parent = parent;
    this.#key = key;
  }

  get at(): string {
    const above = this.#parent?.at ?? '';
    if (typeof this.#key === 'number') return `${above}[${this.#key}]`;
    return above === '' ? this.#key : `${above}.${this.#key}`;
  }

  get(name: string): Field {
    return new Field(this.object()[name], this, name);
  }

  /** All of an object, as it came. */
  object(): Readonly<Record<string, unknown>> {
    if (typeof this.#value !== 'object' || this.#value === null) throw this.wrong();
    return this.#value as Record<string, unknown>; // an object has string keys
  }

  /** With the fields that this version does not know, so that they go on to others as they came. */
  with<T extends object>(known: T): T {
    return { ...this.object(), ...known };
  }

  text(): string {
    if (typeof this.#value !== 'string') throw this.wrong();
    return this.#value;
  }

  flag(): boolean {
    if (typeof this.#value !== 'boolean') throw this.wrong();
    return this.#value;
  }

  /** A whole number from 0 up. */
  count(): number {
    if (typeof this.#value !== 'number' || !Number.isSafeInteger(this.#value) || this.#value < 0) throw this.wrong();
    return this.#value;
  }

  list<T>(read: (entry: Field) => T): readonly T[] {
    if (!Array.isArray(this.#value)) throw this.wrong();
    return this.#value.map((entry, index) => read(new Field(entry, this, index)));
  }

  /** One of the values that the message has written once: this field is its number. */
  entryOf<T>(values: readonly T[]): T {
    const value = values[this.count()];
    if (value === undefined) throw this.wrong();
    return value;
  }

  orNull<T>(read: (field: Field) => T): T | null {
    return this.#value === null ? null : read(this);
  }

  /** What holds where the field is left out. */
  or<T, U = T>(usual: U, read: (field: Field) => T): T | U {
    return this.#value === undefined ? usual : read(this);
  }

  wrong(): Malformed {
    return new Malformed(this.at);
  }
}
