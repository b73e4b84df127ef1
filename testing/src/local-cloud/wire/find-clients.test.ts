import { describe, expect, it } from "vitest";
import { clientsToTry, type ForeignClient } from "./find-clients.ts";

const client = (name: string): ForeignClient => ({ name, command: [name], environment: {} });

describe("a test with other clients", () => {
  it("has one to be skipped with where none is installed", () => {
    expect(clientsToTry([], false)).toHaveLength(1);
    expect(clientsToTry([], true)).toHaveLength(1);
  });

  it("runs with the first, or with all", () => {
    const installed = [client("a"), client("b")];
    expect(clientsToTry(installed, false)).toEqual([client("a")]);
    expect(clientsToTry(installed, true)).toEqual(installed);
  });
});
