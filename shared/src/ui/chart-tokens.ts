/** The chart colours in force, read from the custom properties and the font of `element`; read again on `eg:theme`. */
export interface ChartTokens {
  readonly cpu: string;
  readonly requests: string;
  readonly latency: string;
  readonly queue: string;
  readonly grid: string;
  readonly axis: string;
  readonly line: string;
  readonly band: string;
  readonly gap: string;
  readonly accent: string;
  readonly surface: string;
  readonly ok: string;
  readonly info: string;
  readonly warn: string;
  readonly bad: string;
  readonly drain: string;
  readonly mute: string;
  readonly fontFamily: string;
}

export function readChartTokens(element: Element = document.body): ChartTokens {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    cpu: read("--eg-c-cpu"),
    requests: read("--eg-c-requests"),
    latency: read("--eg-c-latency"),
    queue: read("--eg-c-queue"),
    grid: read("--eg-c-grid"),
    axis: read("--eg-c-axis"),
    line: read("--eg-c-line"),
    band: read("--eg-c-band"),
    gap: read("--eg-c-gap"),
    accent: read("--eg-accent"),
    surface: read("--eg-surface"),
    ok: read("--eg-ok-fill"),
    info: read("--eg-info-fill"),
    warn: read("--eg-warn-fill"),
    bad: read("--eg-bad-fill"),
    drain: read("--eg-drain-fill"),
    mute: read("--eg-mute-fill"),
    fontFamily: style.fontFamily,
  };
}
