import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { withoutAws, workerSettings } from "./environment.ts";

test("children see nothing of the machine's AWS settings but the region", () => {
  const seen = withoutAws({
    PATH: "/bin",
    AWS_REGION: "eu-west-1",
    AWS_PROFILE: "production",
    AWS_ACCESS_KEY_ID: "AKIA",
    AWS_SECRET_ACCESS_KEY: "s",
    AWS_SESSION_TOKEN: "t",
    AWS_ENDPOINT_URL_S3: "https://decoy",
    AWS_CONFIG_FILE: "/home/me/.aws/config",
  });
  expect(seen).toEqual({
    PATH: "/bin",
    AWS_REGION: "eu-west-1",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
  });
});

test("worker settings are what a shell reads back, whatever characters they have", () => {
  const text = workerSettings({
    MAIL_FROM: 'it\'s $HOME `x` "y" <gas@example.org>',
    ADMIN_PASSWORD: "secret",
    PREFIX: "",
  });
  expect(text).not.toContain("secret");
  expect(text).not.toContain("PREFIX");
  const read = execFileSync("bash", ["-c", `${text}printf %s "$MAIL_FROM"`], { encoding: "utf8" });
  expect(read).toBe('it\'s $HOME `x` "y" <gas@example.org>');
});
