/** US cents as dollars, with as many digits as a small amount needs: $12.40, $0.591, $0.0208. */
export function dollars(cents: number): string {
  const size = Math.abs(cents);
  const digits = size >= 100 ? 2 : size >= 10 ? 3 : 4;
  return (FORMATS[digits] ?? FORMATS[2]).format(cents / 100);
}

const FORMATS = { 2: inDollars(2), 3: inDollars(3), 4: inDollars(4) } as const;

function inDollars(maximumFractionDigits: number): Intl.NumberFormat {
  return new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits });
}
