/**
 * exp, log, powers and a cosine with the same bits in every browser. JavaScript leaves the last bit of Math.exp,
 * Math.log, Math.cos and ** to the browser; sums, products, quotients and roots are fixed by IEEE 754, and these
 * use nothing else.
 * Right to the last bit or two. log1p is FreeBSD's (msun, by Sun Microsystems), with its sum in the order of
 * glibc, which NumPy's own draws go by.
 */

const LN2_HIGH = 0.6931471803691238; // its last 20 bits are 0, so that k times it is exact
const LN2_LOW = 1.9082149292705877e-10;
const bits = new DataView(new ArrayBuffer(8));

/** 2^k for whole k from -1022 to 1023. @param {number} k */
function powerOfTwo(k) {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** log(1 + x), right for small x too. @param {number} x */
export function log1p(x) {
  if (!(x > -1 && x < Infinity)) return x === -1 ? -Infinity : x === Infinity ? x : Number.NaN;
  if (x > -0.2928932188134524 && x < 0.41421356237309503) return tailOfLog(x, 0, 0);
  const sum = 1 + x;
  return scaledLog(sum, 0, (sum > 2 ? 1 - (sum - x) : x - (sum - 1)) / sum);
}

/** The natural logarithm; of 0, minus infinity. @param {number} x */
export function log(x) {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x === Infinity ? x : Number.NaN;
  return x < 2 ** -1022 ? scaledLog(x * 2 ** 54, -54, 0) : scaledLog(x, 0, 0);
}

/** log(x) + k log 2 + c, for a small c. @param {number} x @param {number} k @param {number} c */
function scaledLog(x, k, c) {
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  const mantissa = high & 0xfffff;
  const isLarge = mantissa >= 0x6a09e; // above the square root of 2: halve it
  bits.setUint32(0, mantissa | ((isLarge ? 1022 : 1023) << 20));
  return tailOfLog(bits.getFloat64(0) - 1, k + (high >>> 20) - 1023 + (isLarge ? 1 : 0), c);
}

/** log(1 + f) + k log 2 + c, for f from -0.3 to 0.42. @param {number} f @param {number} k @param {number} c */
function tailOfLog(f, k, c) {
  const half = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const z2 = z * z;
  const z4 = z2 * z2;
  const sum =
    z * 0.6666666666666735 +
    z2 * (0.3999999999940942 + z * 0.2857142874366239) +
    z4 * (0.22222198432149784 + z * 0.1818357216161805) +
    z4 * z2 * (0.15313837699209373 + z * 0.14798198605106586);
  if (k === 0 && c === 0) return f - (half - s * (half + sum));
  return k * LN2_HIGH - (half - (s * (half + sum) + (k * LN2_LOW + c)) - f);
}

/** e^x, for x from -700 to 700. @param {number} x */
export function exp(x) {
  const k = Math.round(x / Math.LN2);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let n = 14; n > 0; n--) sum = 1 + (r / n) * sum;
  return sum * powerOfTwo(k);
}

/** x^n for a whole n from 0 on. @param {number} x @param {number} n */
export function power(x, n) {
  let product = 1;
  for (let factor = x, left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) product *= factor;
    factor *= factor;
  }
  return product;
}

/** The cosine of t half turns, for t from 0 to 1. @param {number} t @returns {number} */
export function cosine(t) {
  if (t > 0.5) return -cosine(1 - t);
  const square = Math.PI * t * (Math.PI * t);
  let sum = 1;
  for (let n = 22; n > 0; n -= 2) sum = 1 - (square / (n * (n - 1))) * sum;
  return sum;
}
