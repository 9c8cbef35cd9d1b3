// SPDX-License-Identifier: Apache-2.0
// What the Swift overlay of the C library leaves out.
#ifndef CLINUXEVENTS_H
#define CLINUXEVENTS_H

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

// The C library declares it for GNU sources only, which an imported header cannot ask for.
int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);

#endif
