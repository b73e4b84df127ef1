import {
  InsufficientCapacityException,
  InvalidParameterValueException,
  MissingParameterValueException,
  ResourceNotFoundException,
} from "@aws-sdk/client-glacier";

// https://docs.aws.amazon.com/amazonglacier/latest/dev/api-error-responses.html

export function notFound(message: string): ResourceNotFoundException {
  return new ResourceNotFoundException({ message, $metadata: {} });
}

export function invalidParameter(message: string): InvalidParameterValueException {
  return new InvalidParameterValueException({ message, $metadata: {} });
}

export function missingParameter(name: string): MissingParameterValueException {
  return new MissingParameterValueException({ message: `Required parameter missing: ${name}`, $metadata: {} });
}

export function insufficientCapacity(): InsufficientCapacityException {
  return new InsufficientCapacityException({
    message: "There is insufficient capacity to process this expedited request. Try again later.",
    $metadata: {},
  });
}
