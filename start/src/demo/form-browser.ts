/** A page as far as forms need it. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
  readonly retryAfter: string | null;
}

export interface Account {
  readonly username: string;
  readonly password: string;
}

/** Longer than the load balancer waits for a worker: who gets no answer until then was left alone. */
const ANSWER_LIMIT_MS = 90_000;

/** A browser as far as forms need one: cookies, and the token of the page that was read last. Follows no redirects. */
export class FormBrowser {
  readonly #origin: string;
  readonly #cookies = new Map<string, string>();
  #token = "";

  constructor(origin: string) {
    this.#origin = origin;
  }

  get(path: string): Promise<Answer> {
    return this.#send(path, {});
  }

  submit(path: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#send(path, { method: "POST", body: new URLSearchParams({ _csrf: this.#token, ...fields }) });
  }

  /** As a page's script asks: JSON both ways, the token in a header. */
  ask(path: string, body: object): Promise<Answer> {
    const headers = { "x-csrf-token": this.#token, accept: "application/json", "content-type": "application/json" };
    return this.#send(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async signIn({ username, password }: Account): Promise<void> {
    await this.get("/login");
    expectStatus(await this.submit("/login", { username, password }), 303, `Signing in as ${username}`);
  }

  async #send(path: string, init: RequestInit): Promise<Answer> {
    const headers = new Headers({ accept: "text/html" });
    new Headers(init.headers).forEach((value, name) => void headers.set(name, value));
    if (this.#cookies.size > 0)
      headers.set("cookie", [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const url = new URL(path, this.#origin);
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      ...init,
      headers,
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";")[0]?.split(/=(.*)/s) ?? [];
      if (value === "") this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    const text = await response.text();
    this.#token = /name="_csrf" value="([^"]+)"|data-csrf="([^"]+)"/.exec(text)?.slice(1).find(Boolean) ?? this.#token;
    const { headers: answered, status } = response;
    return { status, text, location: answered.get("location"), retryAfter: answered.get("retry-after") };
  }
}

export function expectStatus({ status, text }: Pick<Answer, "status" | "text">, expected: number, what: string): void {
  if (status === expected) return;
  throw new Error(
    `${what} was answered with ${status} instead of ${expected}: ${text.replaceAll(/\s+/g, " ").slice(0, 200)}`,
  );
}
