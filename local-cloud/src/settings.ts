import { Config } from "@elastic-gas/shared/config";
import {
  DEFAULT_INSTANCE_PROFILE,
  instanceProfileName,
  permissionsOf,
  ROLES,
  type RolePermissions,
} from "@elastic-gas/shared/permissions";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { z } from "zod";
import type { StripeSettings } from "./stripe/settings.ts";

const shape = Config.shape;

/** What local-cloud reads of the environment; names, ranges and defaults are the product's. */
const Settings = z.object({
  PREFIX: shape.PREFIX,
  AWS_REGION: shape.AWS_REGION,
  DATA_DIR: shape.DATA_DIR,
  PUBLIC_HOST: shape.PUBLIC_HOST,
  PUBLIC_URL: shape.PUBLIC_URL,
  LB_PORT: shape.LB_PORT,
  WORKER_PORT: shape.WORKER_PORT,
  LOCAL_CLOUD_PORT: shape.LOCAL_CLOUD_PORT,
  LOCAL_ADDRESS_BLOCK: shape.LOCAL_ADDRESS_BLOCK,
  WORKER_INSTANCE_PROFILE: shape.WORKER_INSTANCE_PROFILE,
  LOCAL_INSTANCE_VCPUS: shape.LOCAL_INSTANCE_VCPUS,
  LOCAL_BOOT_SECONDS: shape.LOCAL_BOOT_SECONDS,
  METRIC_PERIOD_SECONDS: shape.METRIC_PERIOD_SECONDS,
  HEALTH_CHECK_INTERVAL_SECONDS: shape.HEALTH_CHECK_INTERVAL_SECONDS,
  DEREGISTRATION_DELAY_SECONDS: shape.DEREGISTRATION_DELAY_SECONDS,
  VISIBILITY_TIMEOUT_SECONDS: shape.VISIBILITY_TIMEOUT_SECONDS,
  STRIPE_SECRET_KEY: shape.STRIPE_SECRET_KEY,
  STRIPE_WEBHOOK_SECRET: shape.STRIPE_WEBHOOK_SECRET,
  STRIPE_PRICE_ID: shape.STRIPE_PRICE_ID,
  LOG_LEVEL: shape.LOG_LEVEL,
  /** Where instances find node_modules, set by start.sh. */
  ELASTIC_GAS_CACHE: z.string().min(1).optional(),
  /** Programs that instances find after the machine's own, set by start.sh. */
  ELASTIC_GAS_PROGRAMS: z.string().min(1).optional(),
});
export type Settings = z.infer<typeof Settings>;

/** Throws one error that lists every problem at once. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = Settings.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(
    `The settings are not usable:\n${z.prettifyError(parsed.error)}\nSee .env.example for every setting.`,
  );
}

/** The rights of the instances' roles, by the names of their profiles. */
export function rolesOf(settings: Settings, accountId: string): RolePermissions {
  const instanceProfile = settings.WORKER_INSTANCE_PROFILE ?? DEFAULT_INSTANCE_PROFILE;
  const place = { region: settings.AWS_REGION, accountId, instanceProfile };
  const permissions = permissionsOf(resourcesOf(settings), place);
  return Object.fromEntries(ROLES.map((role) => [instanceProfileName(instanceProfile, role), permissions[role]]));
}

/** How local-cloud plays Stripe; undefined when no keys are set. */
export function stripeSettingsOf(settings: Settings): StripeSettings | undefined {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret, STRIPE_PRICE_ID: priceId } = settings;
  if (secretKey === undefined || webhookSecret === undefined) return undefined;
  return {
    secretKey,
    webhookSecret,
    priceId,
    webhookUrl: `http://127.0.0.1:${settings.LB_PORT}/stripe/webhook`,
    publicOrigin: `http://${settings.PUBLIC_HOST}:${settings.LOCAL_CLOUD_PORT}`,
  };
}
