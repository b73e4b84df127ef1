import { readConfig } from "@elastic-gas/shared/config";
import { describe, expect, it } from "vitest";
import { welcomeLines } from "./welcome.ts";

const local = readConfig({ AWS_ENDPOINT_URL: "http://127.0.0.1:4566", LB_PORT: "8180", DATA_DIR: "/data" });
const made = { kind: "made", username: "admin", password: "s3cret", chosen: false } as const;

describe("what start.sh prints when the manager answers", () => {
  it("has every address, the password once, and that user-app takes a moment", () => {
    const text = welcomeLines(local, made, "/data").join("\n");
    expect(text).toContain("manager      http://localhost:5000\n");
    expect(text).toMatch(/user-app {5}http:\/\/localhost:8180 {3}starting, about 10\u00a0s/);
    expect(text).toContain("sign in      admin / s3cret   <- shown only now");
    expect(text).toContain("logs         /data/logs");
  });

  it("names three commands to try next, with this run's own address", () => {
    const text = welcomeLines(local, made, "/data").join("\n");
    expect(text.match(/^ {4}(\.\/start\.sh \w+|npm run \w+)/gm)).toEqual([
      "    ./start.sh demo",
      "    ./start.sh status",
      "    npm run loadgen",
    ]);
    expect(text).toContain("npm run loadgen -- http://localhost:8180/api/upload load loadpass 5 600 --shape step");
  });

  it.each([
    ["/srv/gas data", "DATA_DIR='/srv/gas data' "],
    ["/srv/it's", "DATA_DIR='/srv/it'\\''s' "],
    ["/elsewhere", "DATA_DIR='/elsewhere' "],
    ["/data", ""],
  ])("names the data folder %s in them unless it is the checkout's own", (DATA_DIR, setting) => {
    const text = welcomeLines({ ...local, DATA_DIR }, made, "/data").join("\n");
    expect(text).toContain(`    ${setting}./start.sh demo `);
    expect(text).toContain(`    ${setting}./start.sh status `);
  });

  it("repeats no password that somebody chose or that was shown before", () => {
    expect(welcomeLines(local, { ...made, chosen: true }, "/data").join("\n")).not.toContain("s3cret");
    expect(welcomeLines(local, { kind: "exists", username: "root" }, "/data").join("\n")).toContain(
      "sign in      root (the password was shown at the first start; ./start.sh admin-password makes a new one)",
    );
  });

  it("promises nothing of one machine on AWS", () => {
    const aws = readConfig({ CLOUD: "aws", PUBLIC_URL: "https://gas.example.org" });
    const text = welcomeLines(aws, made, "/data").join("\n");
    expect(text).toContain("user-app     https://gas.example.org\n");
    expect(text).not.toMatch(/local-cloud|MariaDB|loadgen|about 10/);
  });
});
