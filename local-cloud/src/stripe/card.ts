export type CardVerdict = { readonly ok: true } | { readonly ok: false; readonly message: string };

const ACCEPTED: ReadonlySet<string> = new Set(["4242424242424242", "5555555555554444", "378282246310005"]);
const REFUSED: Readonly<Record<string, string>> = {
  "4000000000000002": "Your card was declined.",
  "4000000000009995": "Your card has insufficient funds.",
  "4000000000000069": "Your card has expired.",
};

/** What a test card's issuer says. https://docs.stripe.com/testing */
export function judgeCard(typed: string): CardVerdict {
  const number = typed.replace(/[\s-]/g, "");
  if (number === "") return { ok: false, message: "Your card number is incomplete." };
  if (!/^\d{12,19}$/.test(number) || !hasCheckDigit(number))
    return { ok: false, message: "Your card number is invalid." };
  if (ACCEPTED.has(number)) return { ok: true };
  const message = Object.hasOwn(REFUSED, number) ? REFUSED[number] : undefined;
  return {
    ok: false,
    message: message ?? "Your card was declined. Only test cards can pay here; never type a real card's number.",
  };
}

/** ISO/IEC 7812: Luhn's sum. */
function hasCheckDigit(number: string): boolean {
  const sum = [...number].reverse().reduce((total, text, index) => {
    const digit = Number(text) * (index % 2 === 1 ? 2 : 1);
    return total + (digit > 9 ? digit - 9 : digit);
  }, 0);
  return sum % 10 === 0;
}
