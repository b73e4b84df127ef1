import type { Price } from "./documents.ts";

/** `$999.99`; the amount is in cents. */
export function priceText(amount: number, currency: string): string {
  return new Intl.NumberFormat("en-US", { style: "currency", currency: currency.toUpperCase() }).format(amount / 100);
}

/** `a week`, `every 2 months` */
export function intervalText({ interval, interval_count: count }: Price["recurring"]): string {
  return count === 1 ? `a ${interval}` : `every ${count} ${interval}s`;
}
