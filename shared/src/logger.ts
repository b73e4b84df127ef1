import { type Logger, pino } from "pino";

export type { Logger };

/** Of lines that could not be written yet; what is more is dropped. */
const MOST_WAITING_BYTES = 1024 * 1024;

/** JSON lines on stdout; secrets are redacted here and nowhere else. */
export function createLogger(part: string, level: string): Logger {
  const destination = pino.destination({ fd: 1, sync: true, maxLength: MOST_WAITING_BYTES });
  // A line that cannot be written, because the disk is full for example, must not end the process.
  destination.on("error", () => undefined);
  return pino(
    {
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
    },
    destination,
  );
}
