import type { Html } from "@elastic-gas/shared/web/html";
import { Component, createElement } from "preact";

/**
 * A place that a script of the page fills: it is written once, and what the script does in it stays when the parts
 * around it are rendered again. `key` tells two places apart.
 */
export function kept(key: string, html: Html): Html {
  return createElement(Kept, { key, html }) as Html;
}

class Kept extends Component<{ readonly html: Html }> {
  override shouldComponentUpdate(): boolean {
    return false;
  }

  override render(): Html {
    return this.props.html;
  }
}
