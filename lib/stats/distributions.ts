/**
 * The two distributions that intervals and tests ask for, to double precision at any level: planned looks need levels
 * for which no short table of Student's t exists.
 */

/** The share of the standard normal distribution above `z`. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z)
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  if (z > 5) {
    // Laplace's continued fraction, from the far end.
    let fraction = z
    for (let k = 60; k >= 1; k--) fraction = z + k / fraction
    return density / fraction
  }
  // Marsaglia, "Evaluating the normal distribution", Journal of Statistical Software 11(4), 2004.
  let term = z
  let sum = z
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return 0.5 - density * sum
}

/**
 * Logarithm of the gamma function above 0: Stirling's series from 8 on, to which smaller arguments are raised.
 * Abramowitz and Stegun, 6.1.41.
 */
export function logGamma(x: number): number {
  let shift = 0
  let y = x
  for (; y < 8; y++) shift += Math.log(y)
  const series = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188].reduce(
    (sum, coefficient, power) => sum + coefficient / y ** (2 * power + 1),
    0,
  )
  return (y - 0.5) * Math.log(y) - y + Math.log(2 * Math.PI) / 2 + series - shift
}

/** The continued fraction of the incomplete beta function, by Lentz's method. Abramowitz and Stegun, 26.5.8. */
function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= 500; m++) {
    const steps = [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]
    let factor = 1
    for (const step of steps) {
      d = 1 / away(1 + step * d)
      c = away(1 + step / c)
      factor = c * d
      result *= factor
    }
    if (Math.abs(factor - 1) < 1e-15) break
  }
  return result
}

/** The regularised incomplete beta function. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b
}

/**
 * The distance from 0 beyond which Student's t with `degrees` of freedom (above 0, not necessarily whole) lies with
 * probability `level`, both sides together.
 */
export function studentT(degrees: number, level: number): number {
  const beyond = (t: number) => incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
  let high = 1
  while (beyond(high) > level) high *= 2
  let low = 0
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (beyond(middle) > level) low = middle
    else high = middle
  }
  return (low + high) / 2
}
