/** The text of the Date header, made once a second. */
export class HttpDate {
  readonly #now: () => Date;
  #second = Number.NaN;
  #text = "";

  constructor(now: () => Date) {
    this.#now = now;
  }

  text(): string {
    const at = this.#now();
    const second = Math.floor(at.getTime() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = at.toUTCString();
    }
    return this.#text;
  }
}
