// SPDX-License-Identifier: Apache-2.0

@main
enum CrashChild {
  static func main() async {}
}
