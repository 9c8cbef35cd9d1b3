// SPDX-License-Identifier: Apache-2.0

/// What became of reloads as Prometheus families; an alert on the first one finds a configuration
/// that everybody believes to be in force.
enum ReloadMetrics {
  static func text(_ reloader: ConfigurationReloader) -> String {
    var output = PrometheusText()
    let (applied, rejected) = reloader.counts
    let outcomes = reloader.outcomes
    let last = [outcomes.applied, outcomes.rejected].compactMap(\.?.unixMilliseconds).max()
    let name = "strangler_config_last_reload_successful"
    output.family(name, .gauge, help: "0 when the last reload was refused, else 1.")
    output.sample(name, UInt64(reloader.lastWasRefused ? 0 : 1))
    if let last {
      let name = "strangler_config_last_reload_timestamp_seconds"
      output.family(name, .gauge, help: "Time of the last reload, applied or refused.")
      output.sample(name, Double(last) / 1000)
    }
    let total = "strangler_config_reloads_total"
    output.family(total, .counter, help: "Reloads since the start, by result.")
    output.sample(total, applied, ["result": "applied"])
    output.sample(total, rejected, ["result": "refused"])
    return output.text
  }
}
