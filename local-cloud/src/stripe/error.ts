export type StripeErrorType = "invalid_request_error" | "card_error" | "idempotency_error" | "api_error";

/** An answer of the API that says no. https://docs.stripe.com/api/errors */
export class StripeFault extends Error {
  readonly statusCode: number;
  readonly type: StripeErrorType;
  readonly code: string | undefined;
  readonly param: string | undefined;

  constructor(
    statusCode: number,
    message: string,
    details: { readonly type?: StripeErrorType; readonly code?: string; readonly param?: string } = {},
  ) {
    super(message);
    this.name = "StripeFault";
    this.statusCode = statusCode;
    this.type = details.type ?? "invalid_request_error";
    this.code = details.code;
    this.param = details.param;
  }

  toJSON() {
    return { error: { type: this.type, code: this.code, message: this.message, param: this.param } };
  }
}

export function resourceMissing(name: string, id: string, param = "id"): StripeFault {
  return new StripeFault(404, `No such ${name}: '${id}'`, { code: "resource_missing", param });
}
