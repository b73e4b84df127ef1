/** A column as the database tells it. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  /** Of the primary key. */
  readonly isKey: boolean;
  readonly isUnique: boolean;
  /** The table whose row it names by a foreign key. */
  readonly refersTo: string | undefined;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
}

const STACKS = 3;
const BOX = 300;
const GAP = 20;
const ROW = 18;
const HEAD = 26;
const FOOT = 6;
const NOTE = 22;

/**
 * Tables with their columns as one figure, in three stacks of about the same height. Every colour is an attribute, so
 * that it shows in every viewer.
 */
export function schemaFigure(title: string, tables: readonly Table[]): string {
  const ends = Array.from({ length: STACKS }, () => 0);
  const boxes: string[] = [];
  // The largest first: small ones fill what is left beside them.
  for (const table of tables.toSorted((a, b) => b.columns.length - a.columns.length)) {
    const top = Math.min(...ends);
    const stack = ends.indexOf(top);
    boxes.push(box(table, stack * (BOX + GAP) + 1, top + 1));
    ends[stack] = top + heightOf(table) + GAP;
  }
  const width = STACKS * BOX + (STACKS - 1) * GAP + 2;
  const height = Math.max(...ends) - GAP + NOTE + 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Inter, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif" font-size="12" role="img">
<title>${title}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${boxes.join("\n")}
${text(1, height - 6, "bold: primary key · u: unique · ?: may be null · → table: foreign key", { fill: "#525d6c", size: 11 })}
</svg>
`;
}

function heightOf({ columns }: Table): number {
  return HEAD + columns.length * ROW + FOOT;
}

function box(table: Table, x: number, y: number): string {
  const rows = table.columns.flatMap((column, index) => {
    const base = y + HEAD + index * ROW + 14;
    const marks = `${column.isUnique ? " u" : ""}${column.isNullable ? " ?" : ""}`;
    const type = column.refersTo === undefined ? column.type : `→ ${column.refersTo}`;
    return [
      text(x + 10, base, column.name, { weight: column.isKey ? 700 : 400 }),
      text(x + BOX - 10, base, `${type}${marks}`, { fill: "#525d6c", anchor: "end", size: 11 }),
    ];
  });
  return [
    `<rect x="${x}" y="${y}" width="${BOX}" height="${heightOf(table)}" rx="6" fill="#ffffff" stroke="#b6c0cc"/>`,
    `<path d="M${x} ${y + HEAD - 4}h${BOX}" stroke="#b6c0cc"/>`,
    text(x + 10, y + 16, table.name, { weight: 700, fill: "#2845b4", size: 13 }),
    ...rows,
  ].join("\n");
}

interface Look {
  readonly fill?: string;
  readonly weight?: number;
  readonly anchor?: "end";
  readonly size?: number;
}

function text(x: number, y: number, words: string, { fill = "#1a2330", weight, anchor, size }: Look = {}): string {
  const attributes = [
    `x="${x}" y="${y}" fill="${fill}"`,
    weight === undefined || weight === 400 ? "" : ` font-weight="${weight}"`,
    anchor === undefined ? "" : ` text-anchor="${anchor}"`,
    size === undefined ? "" : ` font-size="${size}"`,
  ];
  return `<text ${attributes.join("")}>${words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;
}
