/** The token of this page, for requests that scripts send. */
export function csrfHeaders(): Record<string, string> {
  return { "x-csrf-token": document.body.dataset.csrf ?? "", accept: "application/json" };
}
