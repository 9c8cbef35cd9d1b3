// SPDX-License-Identifier: Apache-2.0
// What the Swift overlay of the C library leaves out.
#ifndef CLINUXEVENTS_H
#define CLINUXEVENTS_H

#include <linux/filter.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

// The C library declares it for GNU sources only, which an imported header cannot ask for.
int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);

// The C library declares it for sources that ask for more than the standard only.
long syscall(long number, ...);

// recv and send without what the C library does around them so that a thread may be cancelled in
// between: nobody cancels a thread here, and it would be sixty instructions for each call.
static inline long receive_bytes(int descriptor, void *target, size_t count) {
  return syscall(SYS_recvfrom, descriptor, target, count, 0, (void *)0, (void *)0);
}

static inline long send_bytes(int descriptor, const void *source, size_t count, int flags) {
  return syscall(SYS_sendto, descriptor, source, count, flags, (void *)0, 0);
}

#ifndef SO_DETACH_REUSEPORT_BPF
#define SO_DETACH_REUSEPORT_BPF 68
#endif

// Connections that come to a port are dealt at random to `count` of its listeners, counted in the
// order in which they began to listen, from number `first` on. 0 on success.
static inline int steer_listeners(int descriptor, unsigned first, unsigned count) {
  struct sock_filter program[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, (unsigned)(SKF_AD_OFF + SKF_AD_RANDOM)},
      {BPF_ALU | BPF_MOD | BPF_K, 0, 0, count},
      {BPF_ALU | BPF_ADD | BPF_K, 0, 0, first},
      {BPF_RET | BPF_A, 0, 0, 0},
  };
  struct sock_fprog filter = {sizeof program / sizeof program[0], program};
  return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter);
}

// Connections are dealt to all listeners of the port again. 0 on success.
static inline int unsteer_listeners(int descriptor) {
  int unused = 0;
  return setsockopt(descriptor, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &unused, sizeof unused);
}

#endif
