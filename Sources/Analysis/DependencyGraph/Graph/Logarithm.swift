// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The natural logarithm, the only thing that pure targets need from the system's mathematics.

package func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// `value * ln(value)`, continued with 0 at 0.
@inline(__always)
func entropyTerm(_ value: Double) -> Double { value > 0 ? value * log(value) : 0 }

@inline(__always)
func exponential(_ value: Double) -> Double { exp(value) }
