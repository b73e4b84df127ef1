/**
 * The icons of both apps: 16 x 16, 1.5 px stroke in the colour of the text. A page holds the sprite once
 * (`iconSprite()`), right after `<body>`, and refers to it with `icon(name)` in templates or `createIcon(name)` in
 * browser code. Icons are decoration: the words beside them carry the meaning.
 */
const SHAPES = {
  logo: '<path d="M1.5 13.5h4v-4h4v-4h5"/>',
  plus: '<path d="M8 3v10M3 8h10"/>',
  minus: '<path d="M3 8h10"/>',
  check: '<path d="m3 8.5 3.2 3.2L13 4.8"/>',
  cross: '<path d="m4 4 8 8m0-8-8 8"/>',
  menu: '<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>',
  more: '<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2"/>',
  theme:
    '<circle cx="8" cy="8" r="5.75"/><path d="M8 2.25a5.75 5.75 0 0 1 0 11.5z" fill="currentColor" stroke="none"/>',
  user: '<circle cx="8" cy="5" r="2.75"/><path d="M2.75 14c.5-3 2.6-4.5 5.25-4.5s4.75 1.5 5.25 4.5"/>',
  users:
    '<circle cx="6" cy="5" r="2.5"/><path d="M1.5 13.5c.4-2.7 2.2-4 4.5-4s4.1 1.3 4.5 4M10.5 2.75a2.5 2.5 0 0 1 0 4.5M12 9.8c1.5.5 2.3 1.8 2.5 3.7"/>',
  download: '<path d="M8 2.5v7.5M4.75 7 8 10.25 11.25 7M2.5 13.25h11"/>',
  upload: '<path d="M8 10.5V3M4.75 6 8 2.75 11.25 6M2.5 13.25h11"/>',
  copy: '<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M3.5 10.5h-.25a1 1 0 0 1-1-1v-6.25a1 1 0 0 1 1-1H9.5a1 1 0 0 1 1 1v.25"/>',
  external:
    '<path d="M9.5 2.5h4v4M13.25 2.75 7.5 8.5M11.5 9v3.25a1.25 1.25 0 0 1-1.25 1.25h-6.5a1.25 1.25 0 0 1-1.25-1.25v-6.5A1.25 1.25 0 0 1 3.75 4.5H7"/>',
  table: '<rect x="2" y="3" width="12" height="10" rx="1"/><path d="M2 6.25h12M2 9.5h12M6.5 6.25V13"/>',
  file: '<path d="M4 1.75h5l3.25 3.25v9.25H4a.75.75 0 0 1-.75-.75v-11A.75.75 0 0 1 4 1.75zM8.75 2v3.25H12"/>',
  image:
    '<rect x="2" y="2.75" width="12" height="10.5" rx="1.25"/><circle cx="5.5" cy="6" r="1"/><path d="m2.5 12 3.75-3.75 2.5 2.5 2-2L13.5 11"/>',
  link: '<path d="M6.75 9.25a2.5 2.5 0 0 0 3.6 0l2-2a2.55 2.55 0 0 0-3.6-3.6l-.9.9M9.25 6.75a2.5 2.5 0 0 0-3.6 0l-2 2a2.55 2.55 0 0 0 3.6 3.6l.9-.9"/>',
  clock: '<circle cx="8" cy="8" r="5.75"/><path d="M8 4.75V8l2.25 1.5"/>',
  history: '<path d="M2.75 5.25A5.75 5.75 0 1 1 2.25 8M2.25 2.75v2.75H5M8 5v3.25l2 1.25"/>',
  archive:
    '<rect x="1.75" y="2.75" width="12.5" height="3" rx=".75"/><path d="M3 5.75v7a.75.75 0 0 0 .75.75h8.5a.75.75 0 0 0 .75-.75v-7M6.25 8.5h3.5"/>',
  refresh: '<path d="M13.25 5.25A5.75 5.75 0 1 0 13.75 8M13.75 2.75v2.75H11"/>',
  search: '<circle cx="7" cy="7" r="4.25"/><path d="m10.25 10.25 3.5 3.5"/>',
  key: '<circle cx="5" cy="11" r="2.75"/><path d="m7 9 6.25-6.25M11 5l2 2"/>',
  bell: '<path d="M4 11.25V7a4 4 0 0 1 8 0v4.25l1 1H3zM6.75 14.25h2.5"/>',
  layers: '<path d="m8 1.75 6 3.25-6 3.25-6-3.25zM2 8.25l6 3.25 6-3.25M2 11.25l6 3.25 6-3.25"/>',
  chip: '<rect x="4" y="4" width="8" height="8" rx="1"/><rect x="6.25" y="6.25" width="3.5" height="3.5"/><path d="M6 4V1.75M10 4V1.75M6 14.25V12M10 14.25V12M4 6H1.75M4 10H1.75M14.25 6H12M14.25 10H12"/>',
  list: '<path d="M6 4h8M6 8h8M6 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01" stroke-width="1.75"/>',
  sliders:
    '<path d="M2 5h5.5M11.5 5H14M2 11h2.5M8.5 11H14"/><circle cx="9.5" cy="5" r="1.75"/><circle cx="6.5" cy="11" r="1.75"/>',
  stop: '<rect x="3.75" y="3.75" width="8.5" height="8.5" rx=".75"/>',
  pause: '<path d="M5.5 3.5v9M10.5 3.5v9" stroke-width="2"/>',
  play: '<path d="m5 3.25 7.5 4.75L5 12.75z"/>',
  trash: '<path d="M2.5 4.25h11M6 4V2.5h4V4M4 4.5l.6 9h6.8l.6-9M6.75 7v4M9.25 7v4"/>',
  shield: '<path d="M8 1.75 13 3.5v4c0 3.25-2 5.5-5 6.75-3-1.25-5-3.5-5-6.75v-4z"/>',
  terminal: '<rect x="1.75" y="2.75" width="12.5" height="10.5" rx="1"/><path d="m4.5 6 2 2-2 2M8.25 10.25h3"/>',
  mask: '<path d="M2.5 6.25c2-.25 3.75-1.75 5.5-1.75s3.5 1.5 5.5 1.75c0 3.75-2 6-5.5 6.5-3.5-.5-5.5-2.75-5.5-6.5zM5.5 8h5M5.75 10h4.5"/>',
  info: '<circle cx="8" cy="8" r="5.75"/><path d="M8 7.25v3.5M8 5.15v.01"/>',
  "chevron-down": '<path d="m4 6 4 4 4-4"/>',
  "chevron-right": '<path d="m6 4 4 4-4 4"/>',
  "disc-check":
    '<circle cx="8" cy="8" r="6.5" fill="currentColor" stroke="none"/><path d="m5 8.25 2.1 2.1L11 6.2" stroke="var(--eg-surface, #fff)"/>',
  "half-disc":
    '<circle cx="8" cy="8" r="5.75"/><path d="M8 4.25a3.75 3.75 0 0 1 0 7.5z" fill="currentColor" stroke="none"/>',
  "dashed-ring": '<circle cx="8" cy="8" r="5.75" stroke-dasharray="3 2.2"/>',
  "dashed-ring-dash": '<circle cx="8" cy="8" r="5.75" stroke-dasharray="3 2.2"/><path d="M5.75 8h4.5"/>',
  "ring-dash": '<circle cx="8" cy="8" r="5.75"/><path d="M5.5 8h5"/>',
  "ring-down": '<circle cx="8" cy="8" r="5.75"/><path d="M8 5v5.5M5.75 8.5 8 10.75l2.25-2.25"/>',
  "ring-cross": '<circle cx="8" cy="8" r="5.75"/><path d="m6 6 4 4m0-4-4 4"/>',
  warning: '<path d="M8 2.25 14.25 13.25H1.75zM8 6.5v3M8 11.35v.01"/>',
} as const;

export type IconName = keyof typeof SHAPES;

/** The symbols that a page's sprite holds, drawn as lines also where no style sheet came. */
export const ICON_SYMBOLS: string = Object.entries(SHAPES)
  .map(
    ([name, shape]) =>
      `<symbol id="eg-i-${name}" viewBox="0 0 16 16" fill="none" stroke="currentColor">${shape}</symbol>`,
  )
  .join("");
