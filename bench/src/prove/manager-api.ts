import {
  ApiActivity,
  ApiAlert,
  ApiCharts,
  ApiOutcome,
  ApiPolicy,
  ApiPool,
  ApiReleases,
  ApiWorker,
} from "@elastic-gas/manager/features/api/schemas";
import type { Policy } from "@elastic-gas/scaling/policy";
import type { PoolName } from "@elastic-gas/shared/resources";
import { FormBrowser } from "@elastic-gas/start/demo/form-browser";
import type { RunningSystem } from "@elastic-gas/testing/system/system";
import { z } from "zod";

export type Pool = z.infer<typeof ApiPool>;
export type Worker = z.infer<typeof ApiWorker>;
export type Charts = z.infer<typeof ApiCharts>;

/** The manager's JSON API, as an administrator's script uses it: what the dashboard shows, and its buttons. */
export class ManagerApi {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Signs in on the dashboard and makes a token there. */
  static async signIn({ managerUrl, admin }: RunningSystem): Promise<ManagerApi> {
    const browser = new FormBrowser(managerUrl);
    await browser.signIn(admin);
    await browser.get("/tokens");
    await browser.submit("/tokens", { name: "proof", scope: "operate" });
    const token = /egm_[\w-]{43}/.exec((await browser.get("/tokens")).text)?.[0];
    if (token === undefined) throw new Error("The dashboard showed no token.");
    return new ManagerApi(managerUrl, token);
  }

  /** The same token at another manager of the same database. */
  at(url: string): ManagerApi {
    return new ManagerApi(url, this.#token);
  }

  async pool(name: PoolName): Promise<Pool> {
    return ApiPool.parse(await this.#call("GET", `/pools/${name}`));
  }

  async pools(): Promise<readonly Pool[]> {
    return z.array(ApiPool).parse(await this.#call("GET", "/pools"));
  }

  async workers(name: PoolName): Promise<readonly Worker[]> {
    return z.array(ApiWorker).parse(await this.#call("GET", `/workers?pool=${name}`));
  }

  async policy(name: PoolName): Promise<z.infer<typeof ApiPolicy>> {
    return ApiPolicy.parse(await this.#call("GET", `/pools/${name}/policy`));
  }

  /** The past 30 minutes, one value for each metric period. */
  async charts(name: PoolName): Promise<Charts> {
    return ApiCharts.parse(await this.#call("GET", `/pools/${name}/charts?range=30m`));
  }

  async activities(name: PoolName): Promise<readonly z.infer<typeof ApiActivity>[]> {
    const rows = z.array(ApiActivity).parse(await this.#call("GET", `/activities?pool=${name}&limit=1000`));
    return rows.toSorted((a, b) => a.at.localeCompare(b.at) || a.id - b.id);
  }

  async alerts(): Promise<readonly z.infer<typeof ApiAlert>[]> {
    return z.array(ApiAlert).parse(await this.#call("GET", "/alerts"));
  }

  async releases(): Promise<z.infer<typeof ApiReleases>> {
    return ApiReleases.parse(await this.#call("GET", "/releases"));
  }

  async press(name: PoolName, button: "grow" | "shrink" | "pause" | "resume"): Promise<string> {
    return ApiOutcome.parse(await this.#call("POST", `/pools/${name}/${button}`)).sentence;
  }

  /** Saves a policy as the next version; limits stay. */
  async savePolicy(name: PoolName, policy: Policy): Promise<void> {
    const { version, limits } = await this.policy(name);
    await this.#call("PUT", `/pools/${name}/policy`, { version, policy, limits });
  }

  /** A manual change to so many workers; the policy then holds. */
  async resize(name: PoolName, verb: "grow" | "shrink", to: number): Promise<void> {
    await this.#call("POST", `/pools/${name}/${verb}`, { to });
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok)
      throw new Error(`The manager answered ${response.status} to ${method} ${path}: ${await response.text()}`);
    return response.json();
  }
}
