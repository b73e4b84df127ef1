import { isIP } from "node:net";
import type { SESv2Client } from "@aws-sdk/client-sesv2";
import { managerUrl } from "@elastic-gas/shared/config";
import type { MayReach } from "@elastic-gas/shared/web/guarded-agent";
import { isPublicAddress } from "@elastic-gas/shared/web/public-address";
import type { FeatureDeps } from "../feature-deps.ts";
import { type Channel, type ChannelTarget, listChannels } from "./channels.ts";
import { deliver } from "./deliver.ts";
import { noteAlerts } from "./notices.ts";
import { type SendDeps, type SendResult, sendToChannel } from "./send.ts";

export interface AlertingDeps extends FeatureDeps {
  readonly ses: SESv2Client;
  readonly mayReach?: MayReach | undefined;
}

/** Tells people what the page Alerts shows. */
export interface Alerting {
  /** Looks what is to be told. Asks AWS nothing while there is nobody to tell. */
  look(): Promise<void>;
  /** Sends what is due. */
  deliver(): Promise<void>;
  /** Sends a message that says it is a test, now. */
  test(channel: Channel): Promise<SendResult>;
  /** False for an address that no message may go to by its host alone. A name is checked when it is resolved. */
  mayTell(target: ChannelTarget): boolean;
}

export function createAlerting(deps: AlertingDeps): Alerting {
  const { db, watcher, now, config, ses, log, mayReach = isPublicAddress } = deps;
  const sender = {
    prefix: config.PREFIX,
    timeZone: config.DISPLAY_TIME_ZONE,
    managerUrl: managerUrl(config),
  };
  const sending: SendDeps = { ses, mailFrom: config.MAIL_FROM, sender, mayReach, now };
  return {
    async look() {
      if ((await listChannels(db)).length === 0) return;
      await noteAlerts(db, await watcher.fleet(), now());
    },
    deliver: () => deliver({ ...sending, db, log }),
    test(channel) {
      const title = `A test of the channel “${channel.name}”`;
      const text = "Nothing has happened: somebody pressed the test button.";
      const message = { event: "other", phase: "raised", title, text, at: now() } as const;
      return sendToChannel(sending, channel, { message, deliveryId: 0 });
    },
    mayTell({ kind, target }) {
      const address = kind === "mail" ? null : addressIn(new URL(target).hostname);
      return address === null || mayReach(address);
    },
  };
}

/** The address that a host stands for without a look-up; null for any other name. */
function addressIn(hostname: string): string | null {
  if (/(^|\.)localhost\.?$/.test(hostname)) return "127.0.0.1";
  const host = hostname.replace(/^\[|\]$/g, "");
  return isIP(host) === 0 ? null : host;
}
