import { type Logger, pino } from "pino";

export type { Logger };

/** JSON lines on stdout; secrets are redacted here and nowhere else. */
export function createLogger(part: string, level: string): Logger {
  return pino({
    level,
    base: { part, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        "password",
        "*.password",
        "secret",
        "*.secret",
        "*.secretAccessKey",
        "*.sessionToken",
        "headers.authorization",
        "headers.cookie",
        "req.headers.authorization",
        "req.headers.cookie",
      ],
      censor: "[redacted]",
    },
  });
}
