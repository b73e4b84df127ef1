import { clientOptions } from "@elastic-gas/shared/aws/clients";
import type { Config } from "@elastic-gas/shared/config";
import type { Resources } from "@elastic-gas/shared/resources";
import type { SecurityHeaderOptions } from "@elastic-gas/shared/web/security-headers";

/**
 * Where forms may lead and scripts may talk to, beside ourselves: the inputs bucket for uploads, and Stripe's pages.
 */
export function browserOrigins(config: Config, resources: Resources): SecurityHeaderOptions {
  const { endpoint } = clientOptions(config, { forBrowsers: true });
  const storage = endpoint === undefined ? awsOrigins(resources.buckets.inputs, config.AWS_REGION) : [endpoint];
  return { connectSrc: storage, formAction: [...storage, ...paymentOrigins(config)] };
}

/** Both forms in which S3 names a bucket's host; the SDK uses the regional one. */
function awsOrigins(bucket: string, region: string): readonly string[] {
  return [`https://${bucket}.s3.${region}.amazonaws.com`, `https://${bucket}.s3.amazonaws.com`];
}

/** Browsers hold a form's redirects to form-action as well: https://www.w3.org/TR/CSP3/#directive-form-action */
function paymentOrigins(config: Config): readonly string[] {
  if (config.STRIPE_SECRET_KEY === undefined) return [];
  if (config.STRIPE_API_URL === undefined) return ["https://checkout.stripe.com", "https://billing.stripe.com"];
  const double = new URL(config.STRIPE_API_URL);
  const forBrowsers = new URL(double);
  forBrowsers.hostname = config.PUBLIC_HOST;
  return [...new Set([double.origin, forBrowsers.origin])];
}
