import { createElement, Fragment, type JSX, type VNode } from "preact";

/**
 * A piece of a page. A view is a function from typed properties to one of these; text in it is escaped when it is
 * written.
 */
export type Html = VNode<object>;
/**
 * What may stand inside an element. `false`, null and undefined leave it out, as in `list.length > 0 && h("ul", ...)`.
 */
export type Child = Html | string | number | false | null | undefined | readonly Child[];

/**
 * Markup that is written as it stands. Only `trustedHtml` makes one, so searching for that name finds every place that
 * does not escape.
 */
export interface TrustedHtml {
  readonly __html: string;
  readonly [TRUSTED]: true;
}
declare const TRUSTED: unique symbol;

export type Tag = keyof JSX.IntrinsicElements;
type DataAttributes = { readonly [name: `data-${string}`]: string | number | undefined };
// The pages' content security policy refuses style attributes, and what is not escaped has to come from `trustedHtml`.
type Replaced = "children" | "style" | "dangerouslySetInnerHTML";
type Distribute<Attributes> = Attributes extends unknown ? Omit<Attributes, Replaced> : never;
/**
 * The attributes of an element by their HTML names, and any `data-*`; a name that the element does not know fails the
 * type check.
 */
export type AttributesOf<Name extends Tag> = Distribute<JSX.IntrinsicElements[Name]> &
  DataAttributes & { readonly dangerouslySetInnerHTML?: TrustedHtml };

/**
 * One element: `h("a", { href: "/help" }, "Help")`. `true` (in `data-*`: `""`) writes a bare attribute; false and
 * undefined leave it out. In what the browser renders again, `key` finds an element whose siblings move, and
 * `defaultValue` (or `defaultChecked`) leaves alone what somebody has typed.
 */
export function h<Name extends Tag>(tag: Name, attributes: AttributesOf<Name>, ...children: readonly Child[]): Html {
  // Preact's own types take any attribute; the ones above are stricter, and its children are wider than ours.
  return createElement(tag as string, attributes as object, ...(children as VNode[])) as Html;
}

/** Several pieces without an element around them. */
export function fragment(...children: readonly Child[]): Html {
  return createElement(Fragment, {}, ...(children as VNode[])) as Html;
}

/** For markup of our own that holds no data of anybody: drawings. */
export function trustedHtml(html: string): TrustedHtml {
  return { __html: html } as TrustedHtml;
}

/** A value for a script of the page, which finds it by `id`: `JSON.parse(document.getElementById(id).textContent)`. */
export function jsonScript(id: string, value: unknown): Html {
  // "<" could end the script element:
  // https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
  const json = JSON.stringify(value).replaceAll("<", "\\u003c");
  return h("script", { type: "application/json", id, dangerouslySetInnerHTML: trustedHtml(json) });
}
