/**
 * Runs an insert; false when a row with its key is there already, which is left as it is. Unlike INSERT IGNORE it fails
 * on a value that does not fit its column and on a row that it refers to and that is gone.
 */
export async function insertUnlessThere(query: { execute(): Promise<unknown> }): Promise<boolean> {
  try {
    await query.execute();
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

export function isDuplicateKey(error: unknown): boolean {
  return codeOf(error) === "ER_DUP_ENTRY";
}

/** The row that a foreign key names is gone. */
export function isMissingParent(error: unknown): boolean {
  return codeOf(error) === "ER_NO_REFERENCED_ROW_2";
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
