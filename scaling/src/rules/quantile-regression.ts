/** Rows of a linear model: what is known of each case, and what came of it. */
export interface Cases {
  readonly columns: number;
  readonly count: number;
  /** `count` rows of `columns` numbers; the first of each is 1, the intercept's. */
  readonly known: Float64Array;
  readonly came: Float64Array;
}

/** Rounds of the fit: later ones move the prediction by less than a hundredth of the errors' size. */
const ROUNDS = 10;
/** Pulls the coefficients to zero, so that a column of zeros or a copy of another has an answer too. */
const RIDGE = 0.5;
const SMALLEST_RESIDUAL = 0.02;
const SMALLEST_SCALE = 0.02;

/**
 * Coefficients of the line that `share` of the cases stay below: linear quantile regression (Koenker and Bassett,
 * Regression Quantiles, Econometrica 46, 1978), by iteratively reweighted least squares. The residuals' own quantile is
 * added to the intercept, so that exactly that share of the cases lies below the line.
 */
export function fitQuantile(cases: Cases, share: number): Float64Array {
  const { count, came } = cases;
  const scale = Math.max(SMALLEST_SCALE, rootMeanSquare(came, count));
  const weights = new Float64Array(count).fill(1);
  const residuals = new Float64Array(count);
  let coefficients: Float64Array = new Float64Array(cases.columns);
  for (let round = 0; round < ROUNDS; round += 1) {
    coefficients = leastSquares(cases, weights);
    for (let row = 0; row < count; row += 1) {
      const residual = at(came, row) - predict(cases.known, row * cases.columns, coefficients);
      residuals[row] = residual;
      const side = residual >= 0 ? share : 1 - share;
      weights[row] = (side * scale) / Math.max(Math.abs(residual), SMALLEST_RESIDUAL * scale);
    }
  }
  residuals.sort();
  add(coefficients, 0, at(residuals, Math.max(0, Math.ceil(share * count - 1e-9) - 1)));
  return coefficients;
}

/** Coefficients of the weighted fit: the normal equations, solved by elimination. */
function leastSquares(cases: Cases, weights: Float64Array): Float64Array {
  const { columns, count, known, came } = cases;
  const width = columns + 1;
  const matrix = new Float64Array(columns * width);
  for (let row = 0; row < count; row += 1) {
    const from = row * columns;
    for (let i = 0; i < columns; i += 1) {
      const weighted = at(weights, row) * at(known, from + i);
      if (weighted === 0) continue;
      for (let j = i; j < columns; j += 1) add(matrix, i * width + j, weighted * at(known, from + j));
      add(matrix, i * width + columns, weighted * at(came, row));
    }
  }
  for (let i = 0; i < columns; i += 1) {
    // The intercept may be any size.
    add(matrix, i * width + i, i === 0 ? 1e-6 : RIDGE);
    for (let j = 0; j < i; j += 1) matrix[i * width + j] = at(matrix, j * width + i);
  }
  for (let i = 0; i < columns; i += 1) eliminate(matrix, { pivot: i, columns });
  return Float64Array.from({ length: columns }, (_, i) => at(matrix, i * width + columns) / at(matrix, i * width + i));
}

/** Takes a column out of all other rows. The ridge keeps the pivot above zero. */
function eliminate(
  matrix: Float64Array,
  { pivot, columns }: { readonly pivot: number; readonly columns: number },
): void {
  const width = columns + 1;
  for (let row = 0; row < columns; row += 1) {
    const factor = at(matrix, row * width + pivot) / at(matrix, pivot * width + pivot);
    if (row === pivot || factor === 0) continue;
    for (let j = pivot; j <= columns; j += 1) add(matrix, row * width + j, -factor * at(matrix, pivot * width + j));
  }
}

/** The line's value at the row that begins at `from`. */
export function predict(known: Float64Array, from: number, coefficients: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < coefficients.length; i += 1) sum += at(known, from + i) * at(coefficients, i);
  return sum;
}

function rootMeanSquare(values: Float64Array, count: number): number {
  let sum = 0;
  for (let row = 0; row < count; row += 1) sum += at(values, row) ** 2;
  return Math.sqrt(sum / Math.max(1, count));
}

function at(values: Float64Array, index: number): number {
  return values[index] as number; // every index is within
}

function add(values: Float64Array, index: number, more: number): void {
  values[index] = at(values, index) + more;
}
