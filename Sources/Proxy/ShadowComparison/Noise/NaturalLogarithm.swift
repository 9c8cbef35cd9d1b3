// SPDX-License-Identifier: Apache-2.0

// The standard library has no logarithm; these two come from the platform's mathematics only.
#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Functions of a real number that the evidence formulas need.
package enum Real {
  package static func ln(_ x: Double) -> Double { log(x) }

  /// ln(1 + x), exact for small x too.
  package static func ln1p(_ x: Double) -> Double { log1p(x) }

  package static func e(_ x: Double) -> Double { exp(x) }

  /// ln(e^a + e^b + ...) without overflow.
  static func lnSum(_ exponents: [Double]) -> Double {
    guard let most = exponents.max(), most > -.infinity else { return -.infinity }
    return most + log(exponents.reduce(0) { $0 + exp($1 - most) })
  }

  /// ln of the gamma function for positive x (Lanczos, g = 7): about 15 digits. The platform's own
  /// writes its sign to a global variable.
  static func lnGamma(_ x: Double) -> Double {
    let coefficients = [
      676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
      12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ]
    let z = x - 1
    var sum = 0.99999999999980993
    for (index, coefficient) in coefficients.enumerated() {
      sum += coefficient / (z + Double(index + 1))
    }
    let t = z + 7.5
    return 0.5 * log(2 * Double.pi) + (z + 0.5) * log(t) - t + log(sum)
  }

  static func lnBeta(_ a: Double, _ b: Double) -> Double {
    lnGamma(a) + lnGamma(b) - lnGamma(a + b)
  }
}
