const MAX_NAMES = 1000;
const lowerCaseNames = new Map<string, string>();

/** Clients spell a few names in the same way again and again: looking them up is cheaper than making them each time. */
export function lowerCase(name: string): string {
  const known = lowerCaseNames.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (lowerCaseNames.size < MAX_NAMES) lowerCaseNames.set(name, lower);
  return lower;
}
