// gelu (x) = x Phi (x), Phi the standard normal distribution; gelu' (x) = Phi (x) + x phi (x).
// Phi is taken from the complementary error function's approximation 7.1.26 of Abramowitz and
// Stegun, absolute error under 1.5e-7, which shares exp (-x^2/2) with the density phi.

const float INV_SQRT_2PI = 0.3989422804;

// Phi (x) and exp (-x^2/2)
vec2
normal_distribution (float x)
{
  float z = abs (x) * 0.7071067812;
  float t = 1.0 / (1.0 + 0.3275911 * z);
  float e = exp (-z * z);
  float p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  float tail = 0.5 * p * e;
  return vec2 (x < 0.0 ? tail : 1.0 - tail, e);
}

float
gelu (float x)
{
  return x * normal_distribution (x).x;
}

float
gelu_gradient (float x)
{
  vec2 n = normal_distribution (x);
  return n.x + x * n.y * INV_SQRT_2PI;
}

float
quick_gelu (float x)
{
  return x / (1.0 + exp (-1.702 * x));
}

float
quick_gelu_gradient (float x)
{
  float s = 1.0 / (1.0 + exp (-1.702 * x));
  return s + 1.702 * x * s * (1.0 - s);
}

vec4
gelu (vec4 x)
{
  return vec4 (gelu (x.x), gelu (x.y), gelu (x.z), gelu (x.w));
}

vec4
gelu_gradient (vec4 x)
{
  return vec4 (gelu_gradient (x.x), gelu_gradient (x.y), gelu_gradient (x.z), gelu_gradient (x.w));
}

vec4
quick_gelu (vec4 x)
{
  return vec4 (quick_gelu (x.x), quick_gelu (x.y), quick_gelu (x.z), quick_gelu (x.w));
}

vec4
quick_gelu_gradient (vec4 x)
{
  return vec4 (quick_gelu_gradient (x.x), quick_gelu_gradient (x.y), quick_gelu_gradient (x.z),
               quick_gelu_gradient (x.w));
}
