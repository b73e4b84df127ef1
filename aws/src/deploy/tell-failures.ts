const SIGN_IN = "Sign in, for example with aws sso login, or set AWS_PROFILE.";

/** What ends a command is a sentence; a stack of calls helps nobody who deploys. */
export function tellFailures(): void {
  process.once("uncaughtException", (error) => {
    console.error(error.name === "CredentialsProviderError" ? `${error.message}. ${SIGN_IN}` : error.message);
    process.exit(1);
  });
}
