// SPDX-License-Identifier: Apache-2.0
import StranglerCommands

await Strangler.runToExit()
