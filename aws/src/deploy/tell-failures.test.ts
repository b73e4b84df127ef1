import { expect, it } from "vitest";
import { describeFailure } from "./tell-failures.ts";

const failure = (name: string, message: string, code?: string) =>
  Object.assign(new Error(message), { name }, code === undefined ? {} : { code });

it.each([
  [failure("CredentialsProviderError", "Could not load credentials from any providers"), /credentials.*Sign in/],
  [failure("InvalidClientTokenId", "The security token included in the request is invalid."), /is invalid\. Sign in/],
  [failure("ExpiredToken", "The token has expired"), /credentials.*Sign in/],
  [failure("Error", "getaddrinfo ENOTFOUND sts.us-eas-1.amazonaws.com", "ENOTFOUND"), /not be reached.*AWS_REGION/],
  [failure("TimeoutError", "socket hang up"), /not be reached.*network/],
])("says what to do about %s", (error, sentence) => {
  expect(describeFailure(error)).toMatch(sentence);
});

it("passes on what AWS says of anything else", () => {
  expect(describeFailure(failure("AccessDenied", "You may not."))).toBe("You may not.");
});
