import { Fault } from "../wire/handler.ts";

// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList

export function noSuchBucket(bucket: string): Fault {
  return new Fault("NoSuchBucket", "The specified bucket does not exist", 404, { fields: { BucketName: bucket } });
}

export function noSuchKey(key: string): Fault {
  return new Fault("NoSuchKey", "The specified key does not exist.", 404, { fields: { Key: key } });
}

export function noSuchUpload(uploadId: string): Fault {
  const message =
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
  return new Fault("NoSuchUpload", message, 404, { fields: { UploadId: uploadId } });
}

export function preconditionFailed(condition: string): Fault {
  const message = "At least one of the pre-conditions you specified did not hold";
  return new Fault("PreconditionFailed", message, 412, { fields: { Condition: condition } });
}

export function invalidArgument(name: string, value: string, message: string): Fault {
  return new Fault("InvalidArgument", message, 400, { fields: { ArgumentName: name, ArgumentValue: value } });
}

export function invalidRequest(message: string): Fault {
  return new Fault("InvalidRequest", message, 400);
}

export function invalidTag(message: string, code = "InvalidTag"): Fault {
  return new Fault(code, message, 400);
}

export function notImplemented(what: string): Fault {
  return new Fault("NotImplemented", `local-cloud does not implement ${what}.`, 501);
}
