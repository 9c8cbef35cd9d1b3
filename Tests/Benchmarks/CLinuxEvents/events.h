// SPDX-License-Identifier: Apache-2.0
// What the Swift overlay of the C library leaves out.
#include <sys/epoll.h>
#include <sys/timerfd.h>
