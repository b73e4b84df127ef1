const SIGN_IN = "Sign in, for example with aws sso login, or set AWS_PROFILE.";
const NO_CREDENTIALS =
  /CredentialsProviderError|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|ExpiredToken/;
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|TimeoutError/;

/** What an error of AWS's clients means for whoever deploys, and what to do. */
export function describeFailure(error: Error): string {
  const message = error.message.replace(/\.$/, "");
  const name = "code" in error ? `${error.name} ${String(error.code)}` : error.name;
  if (NO_CREDENTIALS.test(name)) return `AWS did not accept the credentials: ${message}. ${SIGN_IN}`;
  if (UNREACHABLE.test(name)) return `AWS could not be reached: ${message}. Check the network and AWS_REGION.`;
  return error.message;
}

/** What ends a command is a sentence; a stack of calls helps nobody who deploys. */
export function tellFailures(): void {
  process.once("uncaughtException", (error) => {
    console.error(describeFailure(error));
    process.exit(1);
  });
}
