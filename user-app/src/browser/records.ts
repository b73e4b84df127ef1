const SHOWN_AT_FIRST = 10;

/** The table of first records: ten rows at first, all of them on request, and a filter over every cell. */
export function mountRecords(root: ParentNode): void {
  for (const panel of root.querySelectorAll<HTMLElement>("[data-records]")) {
    const rows = [...panel.querySelectorAll<HTMLTableRowElement>("tbody tr")];
    const filter = panel.querySelector<HTMLInputElement>("[data-records-filter]");
    const count = panel.querySelector("[data-records-count]");
    const more = panel.querySelector<HTMLElement>("[data-records-more]");
    let all = rows.length <= SHOWN_AT_FIRST;
    const show = () => {
      const words = (filter?.value ?? "").trim().toLowerCase();
      const matching = rows.filter((row) => words === "" || (row.textContent ?? "").toLowerCase().includes(words));
      const shown = new Set(all || words !== "" ? matching : matching.slice(0, SHOWN_AT_FIRST));
      for (const row of rows) row.hidden = !shown.has(row);
      if (count !== null) count.textContent = `${shown.size} of ${rows.length} shown`;
      if (more !== null) more.hidden = all || words !== "";
    };
    if (filter !== null) {
      filter.hidden = false;
      filter.addEventListener("input", show);
    }
    more?.querySelector("button")?.addEventListener("click", () => {
      all = true;
      show();
    });
    show();
  }
}
