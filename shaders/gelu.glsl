// gelu (x) = x Phi (x), Phi the standard normal distribution; gelu' (x) = Phi (x) + x phi (x).
// quick_gelu (x) = x s, s = 1 / (1 + exp (-1.702 x)); quick_gelu' (x) = s + 1.702 x s (1 - s).
// Phi is taken from the complementary error function's approximation 7.1.26 of Abramowitz and
// Stegun, absolute error under 1.5e-7, which shares exp (-x^2/2) with the density phi.

const float INV_SQRT_2PI = 0.3989422804;

// Turns x into its activation; slope is the derivative, which costs nothing where it is not used.
void
gelu (inout vec4 x, out vec4 slope)
{
  vec4 z = abs (x) * 0.7071067812;
  vec4 t = 1.0 / (1.0 + 0.3275911 * z);
  vec4 e = exp (-z * z);
  vec4 p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  vec4 tail = 0.5 * p * e;
  vec4 phi = mix (1.0 - tail, tail, lessThan (x, vec4 (0)));
  slope = phi + x * e * INV_SQRT_2PI;
  x *= phi;
}

void
quick_gelu (inout vec4 x, out vec4 slope)
{
  vec4 s = 1.0 / (1.0 + exp (-1.702 * x));
  slope = s + 1.702 * x * s * (1.0 - s);
  x *= s;
}
