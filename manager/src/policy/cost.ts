const CENTS = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
/** Below a dollar the cents alone would hide what a worker costs: $0.021. */
const TENTHS = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits: 3 });

/** US cents as dollars: $12.40, $0.021. */
export function dollars(cents: number): string {
  return (Math.abs(cents) >= 100 ? CENTS : TENTHS).format(cents / 100);
}
