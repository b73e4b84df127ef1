import type { Logger } from "@elastic-gas/shared/logger";
import type { InstanceRecord } from "../instances/record.ts";
import { type MetadataEndpoint, type MetadataSource, openMetadataEndpoint } from "./endpoint.ts";

const RETRY_MILLISECONDS = 2000;

/** The open metadata endpoints, one per instance that is not terminated. */
export class MetadataEndpoints {
  readonly #open = new Map<string, MetadataEndpoint>();
  readonly #retries = new Map<string, NodeJS.Timeout>();
  readonly #sourceOf: (instanceId: string) => MetadataSource;
  readonly #log: Logger;
  #isClosed = false;

  constructor(sourceOf: (instanceId: string) => MetadataSource, log: Logger) {
    this.#sourceOf = sourceOf;
    this.#log = log;
  }

  /** At the first address that is free on this machine; undefined: none is. Returns address and port. */
  async openFirst(
    instanceId: string,
    addresses: readonly string[],
    port: number,
  ): Promise<{ readonly address: string; readonly port: number } | undefined> {
    for (const address of addresses) {
      try {
        const endpoint = await openMetadataEndpoint(address, port, this.#sourceOf(instanceId));
        this.#open.set(instanceId, endpoint);
        return { address, port: endpoint.port };
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
        this.#log.debug({ address, port }, "address in use by another program");
      }
    }
    return undefined;
  }

  /** Opens an adopted instance's endpoint where it was; tries again for as long as the place is taken. */
  async reopen(record: Pick<InstanceRecord, "instanceId" | "privateIpAddress" | "metadataPort">): Promise<void> {
    const { instanceId, privateIpAddress, metadataPort } = record;
    const opened = await this.openFirst(instanceId, [privateIpAddress], metadataPort);
    if (opened) {
      if (this.#isClosed) await this.close(instanceId);
      return;
    }
    this.#log.error(
      { instanceId, address: privateIpAddress, port: metadataPort },
      "metadata endpoint's address is taken; trying again",
    );
    if (this.#isClosed) return;
    const retry = setTimeout(() => void this.reopen(record), RETRY_MILLISECONDS);
    this.#retries.set(instanceId, retry);
  }

  async close(instanceId: string): Promise<void> {
    clearTimeout(this.#retries.get(instanceId));
    this.#retries.delete(instanceId);
    const endpoint = this.#open.get(instanceId);
    this.#open.delete(instanceId);
    await endpoint?.close();
  }

  async closeAll(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open.keys(), ...this.#retries.keys()].map((instanceId) => this.close(instanceId)));
  }
}
