import { randomBytes } from "node:crypto";
import type { RequestHandler } from "express";

/** Gives each request a short id that its answer, its error page and its log lines carry. */
export const requestId: RequestHandler = (_req, res, next) => {
  const id = `${randomBytes(2).toString("hex")}-${randomBytes(2).toString("hex")}`;
  res.locals.requestId = id;
  res.setHeader("X-Request-Id", id);
  next();
};
