/**
 * exp and log with the same bits in every browser. JavaScript leaves the last bit of Math.exp and Math.log to
 * the browser; sums, products, quotients and roots are fixed by IEEE 754, and these two use nothing else.
 * Right to the last bit or two. Method: Tang, ACM TOMS 16 (1990); the polynomial is that of FreeBSD's msun.
 */

const LN2_HIGH = 0.6931471803691238; // its last 20 bits are 0, so that k times it is exact
const LN2_LOW = 1.9082149292705877e-10;
const bits = new DataView(new ArrayBuffer(8));

/** 2^k for whole k from -1022 to 1023. @param {number} k */
function power(k) {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** The natural logarithm; of 0, minus infinity. @param {number} x */
export function log(x) {
  if (!(x > 0) || x === Infinity) return x === 0 ? -Infinity : x === Infinity ? x : Number.NaN;
  let k = 0;
  let scaled = x;
  if (x < 2 ** -1022) {
    scaled *= 2 ** 54;
    k = -54;
  }
  bits.setFloat64(0, scaled);
  const high = bits.getUint32(0);
  k += (high >>> 20) - 1023;
  const mantissa = high & 0xfffff;
  const isLarge = mantissa >= 0x6a09e; // above the square root of 2: halve it
  if (isLarge) k += 1;
  bits.setUint32(0, mantissa | ((isLarge ? 1022 : 1023) << 20));
  const f = bits.getFloat64(0) - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd =
    z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + even + odd) + k * LN2_LOW) - f);
}

/** log(1 + x), right for small x too. @param {number} x */
export function log1p(x) {
  const w = 1 + x;
  return w === 1 ? x : log(w) - (w - 1 - x) / w;
}

/** e^x for x from -700 to 700. @param {number} x */
export function exp(x) {
  const k = Math.round(x / Math.LN2);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let n = 14; n > 0; n--) sum = 1 + (r / n) * sum;
  return sum * power(k);
}
