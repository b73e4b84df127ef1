/** Of each icon's `svg`. Width and height, in pixels, hold where no style sheet came: it would fill the page. */
export const ICON_ATTRIBUTES = {
  class: "eg-icon",
  width: 16,
  height: 16,
  "aria-hidden": "true",
  focusable: "false",
} as const;
