import type { InventorySubject } from "./job-store.ts";
import type { Archive } from "./vault-store.ts";

/**
 * The archives that an inventory job asks for: created within its dates, after its marker, at most its limit. Oldest
 * first, as they are given.
 */
export function selectForInventory(
  archives: readonly Archive[],
  { StartDate, EndDate, Limit, Marker }: InventorySubject["parameters"],
): readonly Archive[] {
  const start = StartDate === undefined ? Number.NEGATIVE_INFINITY : Date.parse(StartDate);
  const end = EndDate === undefined ? Number.POSITIVE_INFINITY : Date.parse(EndDate);
  const within = archives.filter(({ createdAt }) => {
    const created = Date.parse(createdAt);
    return created >= start && created < end;
  });
  const first = Marker === undefined ? 0 : within.findIndex(({ id }) => id === Marker) + 1;
  return within.slice(first, Limit === undefined ? undefined : first + Number(Limit));
}

/** The document of an inventory. https://docs.aws.amazon.com/amazonglacier/latest/dev/api-job-output-get.html */
export function inventoryDocument(
  archives: readonly Archive[],
  {
    format,
    vaultArn,
    inventoryDate,
  }: { readonly format: string; readonly vaultArn: string; readonly inventoryDate: string },
): string {
  if (format === "CSV") {
    const lines = archives.map(({ id, description, createdAt, sizeBytes, treeHash }) =>
      [id, quoted(description), createdAt, sizeBytes, treeHash].join(","),
    );
    return ["ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash", ...lines, ""].join("\r\n");
  }
  return JSON.stringify({
    VaultARN: vaultArn,
    InventoryDate: inventoryDate,
    ArchiveList: archives.map(({ id, description, createdAt, sizeBytes, treeHash }) => ({
      ArchiveId: id,
      ArchiveDescription: description,
      CreationDate: createdAt,
      Size: sizeBytes,
      SHA256TreeHash: treeHash,
    })),
  });
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
