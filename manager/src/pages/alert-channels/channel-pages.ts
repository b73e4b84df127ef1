import { type AuditAction, audit } from "@elastic-gas/shared/audit";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Alerting } from "../../features/alert-channels/alerting.ts";
import {
  type Channel,
  ChannelSettings,
  ChannelTarget,
  changeChannel,
  createChannel,
  deleteChannel,
  findChannel,
  listChannels,
  shownTarget,
} from "../../features/alert-channels/channels.ts";
import { actorOf } from "../../features/requester.ts";
import { listDeliveries } from "../../read/alert-deliveries.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { leaveNotice } from "../frame/send-page.ts";
import { errorsOf } from "../kit/field-errors.ts";
import { channelsView, type RefusedForm } from "./channels-view.ts";

const DELIVERIES_SHOWN = 50;
const HOME = "/alerts/channels";

const Seen = z.object({ seen: z.string().optional() });

/** Where alerts are sent to: mail, webhooks, chats. */
export function channelPages(deps: PageDeps & { readonly alerting: Alerting }): Router {
  const { db, watcher, sendPage, alerting, now } = deps;
  const router = Router();

  const send = async (res: Response, refused?: RefusedForm): Promise<void> => {
    const [fleet, channels, deliveries] = await Promise.all([
      watcher.fleet(),
      listChannels(db),
      listDeliveries(db, DELIVERIES_SHOWN),
    ]);
    sendPage(res, {
      title: "Alert channels",
      section: "alerts",
      status: refused === undefined ? 200 : 400,
      fleet,
      content: (context) => channelsView({ channels, deliveries, refused }, context),
    });
  };
  const note = (req: Request, res: Response, action: AuditAction, channel: Pick<Channel, "name" | "kind" | "target">) =>
    audit(db, {
      actor: actorOf(res),
      action,
      target: channel.name,
      detail: `${channel.kind} to ${shownTarget(channel)}`,
      address: req.ip,
    });

  router.get(HOME, async (_req, res) => send(res));

  router.post(HOME, async (req, res) => {
    const settings = ChannelSettings.safeParse(req.body ?? {});
    const target = ChannelTarget.safeParse(req.body ?? {});
    if (!settings.success || !target.success) {
      const errors = new Map([...errorsOf(settings.error), ...errorsOf(target.error)]);
      return send(res, { form: "new", errors, values: req.body ?? {} });
    }
    if (!alerting.mayTell(target.data)) {
      const errors = new Map([["target", "This address is not public. Messages go to public addresses only."]]);
      return send(res, { form: "new", errors, values: req.body ?? {} });
    }
    const { secret } = await createChannel(db, target.data, { settings: settings.data, createdBy: actorOf(res) });
    const channel = { ...target.data, name: settings.data.name };
    await note(req, res, "channel.create", channel);
    const words = secret === null ? "" : ` The secret that signs its messages, shown only now: ${secret}`;
    leaveNotice(req, { tone: "ok", text: `${channel.name} was added.${words}` });
    res.redirect(303, HOME);
  });

  router.post(`${HOME}/:id`, async (req, res) => {
    const channel = await channelOfPath(deps, req);
    const settings = ChannelSettings.safeParse(req.body ?? {});
    if (!settings.success) {
      return send(res, { form: channel.id, errors: errorsOf(settings.error), values: req.body ?? {} });
    }
    const { seen } = Seen.parse(req.body ?? {});
    if (!(await changeChannel(db, channel.id, { settings: settings.data, seen, now: now() }))) {
      leaveNotice(req, {
        tone: "warn",
        text: `${channel.name} was changed by somebody in the meantime. Yours was not saved; these are its values now.`,
      });
      return res.redirect(303, HOME);
    }
    await note(req, res, "channel.change", { ...channel, name: settings.data.name });
    leaveNotice(req, { tone: "ok", text: `${settings.data.name} was saved.` });
    res.redirect(303, HOME);
  });

  router.post(`${HOME}/:id/test`, async (req, res) => {
    const channel = await channelOfPath(deps, req);
    const { kind, words } = await alerting.test(channel);
    await note(req, res, "channel.test", channel);
    leaveNotice(req, {
      tone: kind === "sent" ? "ok" : "bad",
      text: `${channel.name}: the test was ${kind === "sent" ? "sent" : "not sent"}; ${words}.`,
    });
    res.redirect(303, HOME);
  });

  router.post(`${HOME}/:id/delete`, async (req, res) => {
    const channel = await channelOfPath(deps, req);
    await deleteChannel(db, channel.id);
    await note(req, res, "channel.delete", channel);
    leaveNotice(req, { tone: "ok", text: `${channel.name} was removed. Nothing is sent there any more.` });
    res.redirect(303, HOME);
  });
  router.all([`${HOME}/:id`, `${HOME}/:id/test`, `${HOME}/:id/delete`], methodNotAllowed("POST"));
  return router;
}

async function channelOfPath({ db }: PageDeps, req: Request): Promise<Channel> {
  const id = z.coerce.number().int().positive().safeParse(req.params.id);
  const channel = id.success ? await findChannel(db, id.data) : undefined;
  if (channel === undefined) throw new HttpError(404, "There is no such channel.");
  return channel;
}
