import { type Logger, pino } from "pino";

export type { Logger };

/** Lines that wait in memory while the disk is full; what comes after them is dropped and counted. */
const MAX_WAITING_BYTES = 1_048_576;

/**
 * JSON lines on stdout; secrets are redacted here and nowhere else. Never throws and never stops its process: on a full
 * disk lines wait, then are dropped, and when there is room again a line says how many.
 */
export function createLogger(part: string, level: string): Logger {
  const destination = pino.destination({ dest: 1, sync: true, maxLength: MAX_WAITING_BYTES });
  let dropped = 0;
  // Without a listener the first ENOSPC would end the process; the lines stay and are tried again with the next one.
  destination.on("error", () => {});
  destination.on("drop", () => {
    dropped += 1;
  });
  destination.on("drain", () => {
    if (dropped === 0) return;
    const count = dropped;
    dropped = 0;
    log.warn({ dropped: count }, "log lines dropped: they could not be written");
  });
  const log: Logger = pino(
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
  return log;
}
