import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fillTemplate } from "./user-data.ts";

const values = {
  POOL: "web",
  RELEASE_URL: "http://127.0.0.1:1/r?a=1&b=%2F",
  SETTINGS_URL: "http://127.0.0.1:1/s",
  RELEASE_SHA256: "0123abcd",
  LOCKFILE_HASH: "abc",
};

describe("the user-data script", () => {
  it("has every placeholder filled", () => {
    const script = fillTemplate(readFileSync(new URL("../../../aws/user-data.sh", import.meta.url), "utf8"), values);
    expect(script).not.toMatch(/__[A-Z0-9_]+__/);
    expect(script).toContain("fetch 'http://127.0.0.1:1/r?a=1&b=%2F' release.tar.gz");
    expect(script).toContain("./start.sh 'web'");
  });

  it("refuses a placeholder that it does not know and a value that would break out of its quotes", () => {
    expect(() => fillTemplate("echo '__SECRET__'", values)).toThrow("__SECRET__");
    expect(() => fillTemplate("echo '__POOL__'", { POOL: "web'; rm -rf /; '" })).toThrow("__POOL__");
  });
});
