import { mountPolicyPage } from "./policy-page.ts";
import { mountPreview } from "./policy-preview.ts";

/** The form of a policy with its preview; some policies have none. */
export function mountPolicyForm(form: HTMLFormElement, preview: HTMLElement | null, timeZone: string): void {
  mountPolicyPage(form, preview === null ? () => {} : mountPreview(preview, form, timeZone));
}
