/** For what a page's script sends: the page itself stays, but nothing from it is taken any more. */
export const SESSION_ENDED = "You are signed out. Reload the page to sign in, then choose the file again.";

/** Whether an answer's address is the sign-in page's, to which one who is signed out is sent. */
export function isSignInPage(url: string): boolean {
  return URL.canParse(url) && new URL(url).pathname === "/login";
}
