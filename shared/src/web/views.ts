import { Eta } from "eta";

export interface Views {
  /** Renders a template with its data; `it` in the template. Everything is escaped but `<%~ %>`. */
  render(template: string, data: object): string;
}

/** Eta templates below one folder; cached, read at the first use. */
export function createViews(folder: string): Views {
  const eta = new Eta({ views: folder, cache: true, autoEscape: true });
  return { render: (template, data) => eta.render(template, data) };
}
